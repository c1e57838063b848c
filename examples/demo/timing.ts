/** The two durations that one waits for in this demo. In real life they are 60 s and 8 s. */
export interface DemoTiming {
  /** No answered heartbeat for this long: timed out. */
  readonly timeoutMs: number
  /** Between a lost connection and offline. */
  readonly graceMs: number
}
