/** Where a machine puts its actions: a list of these, or of these among others. */
export interface Sink<Action> {
  push(...actions: Action[]): unknown
}
