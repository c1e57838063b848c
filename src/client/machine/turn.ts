/** Where a machine puts its actions: a list of these, or of these among others. */
export interface Sink<Action> {
  push(...actions: Action[]): unknown
}

/** One step of a machine: when it happens, its share of chance, and where its actions go. */
export interface Turn<Action> {
  /** Monotonic milliseconds. */
  readonly now: number
  /** Uniform in [0, 1). */
  readonly random: number
  readonly out: Sink<Action>
}
