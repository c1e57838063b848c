/** On the busiest machine. */
const PATIENCE_MS = 30_000

/** Counts, and tells when so much more has come. Waiting costs nothing: what is measured is CPU. */
export function createTally() {
  let count = 0
  let wanted = Number.POSITIVE_INFINITY
  let reached = () => {}
  return {
    /** @type {(more: number) => void} */
    add: (more) => {
      count += more
      if (count < wanted) return
      wanted = Number.POSITIVE_INFINITY
      reached()
    },
    /**
     * Resolves when so much more has come since now; rejects where that takes too long to measure anything.
     *
     * @param {number} more
     * @returns {Promise<void>}
     */
    more(more) {
      wanted = count + more
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('This machine is too busy for a bench')), PATIENCE_MS)
        reached = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    },
  }
}
