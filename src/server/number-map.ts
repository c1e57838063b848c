/**
 * Values by number, in pages: who came at about the same time lies together, 8 bytes each. In place of two `Map`s it takes 65 bytes
 * less for each user who is here, and fewer places to fetch from memory where somebody is told.
 */

const PAGE_SHIFT = 5
const PAGE_SIZE = 1 << PAGE_SHIFT

interface NumberPage<Value> {
  readonly values: (Value | undefined)[]
  taken: number
}

export interface NumberMap<Value> {
  readonly pages: Map<number, NumberPage<Value>>
}

export function createNumberMap<Value>(): NumberMap<Value> {
  return { pages: new Map() }
}

export function valueOf<Value>({ pages }: NumberMap<Value>, number: number): Value | undefined {
  return pages.get(number >>> PAGE_SHIFT)?.values[number % PAGE_SIZE]
}

/** Puts in a value whose number has none. */
export function putValue<Value>({ pages }: NumberMap<Value>, number: number, value: Value): void {
  let page = pages.get(number >>> PAGE_SHIFT)
  if (!page) {
    page = { values: new Array<Value | undefined>(PAGE_SIZE).fill(undefined), taken: 0 }
    pages.set(number >>> PAGE_SHIFT, page)
  }
  page.values[number % PAGE_SIZE] = value
  page.taken++
}

/** Takes out a number's value, which it has. */
export function dropValue<Value>({ pages }: NumberMap<Value>, number: number): void {
  const page = pages.get(number >>> PAGE_SHIFT)
  if (!page) return
  page.values[number % PAGE_SIZE] = undefined
  page.taken--
  if (page.taken === 0) pages.delete(number >>> PAGE_SHIFT)
}
