// Rounds in which peers take turns: the machine changes from minute to minute, and so only what was measured in the same round
// is compared. Each round another one begins.

/**
 * @typedef {object} Plan how a bench is asked to run
 * @property {boolean} full all of it, or so much as takes a minute
 * @property {number} rounds
 * @property {(otherwise: readonly number[]) => readonly number[]} users
 * @property {(otherwise: readonly string[]) => readonly string[]} peers
 * @property {(line: import('./results.mjs').Line) => void} record
 *
 * @typedef {(row: string, figures: Record<string, number>) => void} Note
 */

/**
 * @param {Plan} plan
 * @param {string} bench
 * @param {readonly string[]} peers
 * @param {(peer: string, note: Note) => Promise<void>} play
 */
export async function playRounds(plan, bench, peers, play) {
  for (let round = 0; round < plan.rounds; round++) {
    for (const index of peers.keys()) {
      const peer = /** @type {string} */ (peers[(index + round) % peers.length])
      try {
        await play(peer, (row, figures) => plan.record({ bench, row, peer, round, figures }))
      } catch (error) {
        plan.record({
          bench,
          row: '',
          peer,
          round,
          failed: error instanceof Error ? error.message : String(error),
        })
      }
    }
  }
}
