/** A value, or a promise of one. Who need not wait answers at once, and costs no turn of the event loop. */
export type Awaitable<T> = T | PromiseLike<T>

/** Whether there is something to wait for. */
export function isPromise<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === 'function'
}
