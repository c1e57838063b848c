/** What is drawn once a run: the timings, who knows whom, and how well the adapters and the network behave. */
import * as fc from 'fast-check'

/** How an adapter behaves: at once, later, or later and sometimes not at all. */
export type Mood = 'prompt' | 'late' | 'failing'

export interface Setup {
  /** Of all chance that fast-check does not draw: delays, back-off, failing calls. */
  readonly seed: number
  readonly timeoutMs: number
  /** `null`: as it follows from the timeout. */
  readonly graceMs: number | null
  /** How many devices each user has. */
  readonly devices: readonly number[]
  /** One bit a pair of users: they know each other, or the first tells the second. */
  readonly graph: number
  readonly symmetric: boolean
  /** The contacts judge each pair, and may refuse some whom they tell of. */
  readonly selective: boolean
  readonly storage: Mood
  readonly contacts: Mood
  /** The longest that an adapter that is not prompt takes. */
  readonly latencyMs: number
  readonly delayMs: readonly [number, number]
  readonly changesPerMinute: number
  /** The clients' sockets cannot cut, as in browsers. */
  readonly browser: boolean
  /** Unsent bytes above which a socket is left alone. */
  readonly queueSoftBytes: number
}

const moods: fc.Arbitrary<Mood> = fc.constantFrom('prompt', 'prompt', 'late', 'failing')

export const setups: fc.Arbitrary<Setup> = fc.record({
  seed: fc.noShrink(fc.integer({ min: 1, max: 2 ** 31 - 1 })),
  timeoutMs: fc.constantFrom(6_000, 12_000, 30_000, 60_000),
  graceMs: fc.constantFrom(null, null, 0, 300, 2_000, 5_500),
  devices: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 5 }),
  graph: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 2 ** 25 - 1 })),
  symmetric: fc.boolean(),
  selective: fc.boolean(),
  storage: moods,
  contacts: moods,
  latencyMs: fc.constantFrom(20, 200, 900),
  delayMs: fc.constantFrom<[number, number][]>([0, 0], [5, 40], [20, 400]),
  changesPerMinute: fc.constantFrom(60, 60, 60, 4),
  browser: fc.boolean(),
  queueSoftBytes: fc.constantFrom(262_144, 262_144, 2_000),
})

/** Somebody who does not exist, and whom anybody may ask about. */
export const GHOST = 'ghost'

export interface Acquaintance {
  readonly users: readonly string[]
  /** Who is told of a user. */
  told(user: string): string[]
  /** Who may see whom. */
  sees(viewer: string, target: string): boolean
  /** Whom a user watches as a whole. */
  roster(viewer: string): string[]
}

/** Who knows whom. */
export function acquaint({
  devices,
  graph,
  symmetric,
  selective,
}: Pick<Setup, 'devices' | 'graph' | 'symmetric' | 'selective'>): Acquaintance {
  const users = devices.map((_, index) => `user${index}`)
  const bit = (a: number, b: number): boolean => ((graph >>> ((a * 5 + b) % 25)) & 1) === 1
  const tells = (a: number, b: number): boolean =>
    a !== b && a >= 0 && b >= 0 && (symmetric ? bit(Math.min(a, b), Math.max(a, b)) : bit(a, b))
  const told = (user: string): string[] => {
    const index = users.indexOf(user)
    return users.filter((_, other) => tells(index, other))
  }
  const sees = (viewer: string, target: string): boolean => {
    if (viewer === target) return true
    const [from, to] = [users.indexOf(target), users.indexOf(viewer)]
    return tells(from, to) && !(selective && (from + 2 * to) % 4 === 1)
  }
  const roster = (viewer: string): string[] => told(viewer).filter((id) => sees(viewer, id))
  return { users, told, sees, roster }
}
