/** When a call was sent; by it a storage tells one that was held up, or comes from a clock that was stepped since. */
export interface Stamp {
  /** The storage's time at that moment, as the caller knows it: its last answer, and what has passed since. */
  readonly sentAt: number
  /** How far the storage's clock may be from it. */
  readonly toleranceMs: number
}
