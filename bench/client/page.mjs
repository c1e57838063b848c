// What both pages of W6 have: whom they watch, and what they tell the bench, as data of the document.

/** Longer than 50 ms: the browser's own measure of what a user notices. */
const long = new PerformanceObserver((list) => {
  document.body.dataset.long = String(Number(document.body.dataset.long ?? 0) + list.getEntries().length)
})

export function usersOfPage() {
  const count = Number(new URLSearchParams(location.search).get('users'))
  return Array.from({ length: count }, (_, index) => `u${String(index).padStart(6, '0')}`)
}

export function noteHeard() {
  heard++
}

export function notePageReady() {
  if (document.body.dataset.ready) return
  document.body.dataset.ready = 'yes'
  long.observe({ type: 'longtask' })
}

let heard = 0
Object.assign(globalThis, { heardSoFar: () => heard })
