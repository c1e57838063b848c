/** What is done to the model and to Redis alike: operations by number and kind, so that each side fills in its own versions. */
import fc from 'fast-check'

/** How a call's stamp lies to the storage's time. */
export type StampKind =
  | 'on time'
  | 'took a second'
  | 'ahead by a second'
  | 'any time'
  | 'held up'
  | 'far ahead'

/** What a swap expects. */
export type ExpectedKind =
  | 'what was seen last'
  | 'what was seen before'
  | 'nothing'
  | 'another epoch'
  | 'no epoch'

/** A swap of a call. */
export interface SwapOperation {
  readonly id: number
  readonly expected: ExpectedKind
  readonly bump: number
  readonly record: number
}

/** Ids, incarnations and sessions are numbers; `node` is whose adapter is used. */
export type Operation = { readonly node: number } & (
  | { readonly type: 'read'; readonly ids: readonly number[] }
  | { readonly type: 'swap'; readonly swaps: readonly SwapOperation[]; readonly stamp: StampKind }
  | {
      readonly type: 'flush'
      readonly incarnation: number
      readonly first: boolean
      readonly leaseMs: number
      readonly silent: readonly (readonly [session: number, ageMs: number])[]
      readonly gone: readonly number[]
      readonly stamp: StampKind
    }
  | {
      readonly type: 'enlist'
      readonly incarnation: number
      readonly sessions: readonly number[]
      readonly stamp: StampKind
    }
  | {
      readonly type: 'claim'
      readonly incarnation: number
      readonly by: number
      readonly leaseMs: number
      readonly stamp: StampKind
    }
  | {
      readonly type: 'discharge'
      readonly incarnation: number
      readonly by: number
      readonly sessions: readonly number[]
      readonly stamp: StampKind
    }
  | { readonly type: 'release'; readonly incarnation: number }
  | { readonly type: 'wipe' }
)

/** A world and what is done in it. */
export interface Scenario {
  /** Users all over the storage; otherwise all in one part of it, whose epoch can be followed from its beginning. */
  readonly isSpread: boolean
  readonly operations: readonly Operation[]
}

/** So many adapters, users and incarnations there are: few, so that they meet. */
export const NODES = 3
export const USERS = 4
export const INCARNATIONS = 2
export const SESSIONS = 4
export const CLAIMANTS = 2
export const RECORDS = 5

const among = (count: number) => fc.nat(count - 1)
const some = (count: number) => fc.uniqueArray(among(count), { maxLength: count })
/** Mostly on time, for what is late changes nothing. */
const stamp = fc.oneof(
  { weight: 12, arbitrary: fc.constant<StampKind>('on time') },
  {
    weight: 3,
    arbitrary: fc.constantFrom<StampKind>(
      'took a second',
      'ahead by a second',
      'any time',
      'held up',
      'far ahead',
    ),
  },
)
const expected = fc.oneof(
  { weight: 6, arbitrary: fc.constant<ExpectedKind>('what was seen last') },
  {
    weight: 4,
    arbitrary: fc.constantFrom<ExpectedKind>('what was seen before', 'nothing', 'another epoch', 'no epoch'),
  },
)
/** Over at once, over soon, and not while a run lasts; the last two lie further ahead than a claim of the one before can. */
const leaseMs = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(0, 1) },
  { weight: 5, arbitrary: fc.constant(60_000) },
  { weight: 1, arbitrary: fc.constant(600_000) },
)
const node = among(NODES)
const incarnation = among(INCARNATIONS)
const by = among(CLAIMANTS)
const ages = fc.uniqueArray(fc.tuple(among(SESSIONS), fc.constantFrom(0, 1.5, 20_000)), {
  maxLength: SESSIONS,
  selector: ([session]) => session,
})

const mostly = (value: boolean) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.constant(!value) })
const type = <T extends Operation['type']>(value: T) => fc.constant(value)
const swap = fc.record({
  id: among(USERS),
  expected,
  bump: fc.integer({ min: 1, max: 3 }),
  record: among(RECORDS),
})

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ node, type: type('read'), ids: fc.array(among(USERS), { maxLength: 6 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      node,
      type: type('swap'),
      swaps: fc.array(swap, { minLength: 1, maxLength: 4 }),
      stamp,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      node,
      type: type('flush'),
      incarnation,
      first: mostly(true),
      leaseMs,
      silent: ages,
      gone: some(SESSIONS),
      stamp,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ node, type: type('enlist'), incarnation, sessions: some(SESSIONS), stamp }),
  },
  { weight: 5, arbitrary: fc.record({ node, type: type('claim'), incarnation, by, leaseMs, stamp }) },
  {
    weight: 4,
    arbitrary: fc.record({ node, type: type('discharge'), incarnation, by, sessions: some(SESSIONS), stamp }),
  },
  { weight: 2, arbitrary: fc.record({ node, type: type('release'), incarnation }) },
  { weight: 1, arbitrary: fc.record({ node, type: type('wipe') }) },
)

/**
 * What a node leaves behind, and what others do with it: chance alone seldom gets so far. Any steps may be missing, and
 * anything may come before and after.
 */
const story: fc.Arbitrary<readonly Operation[]> = fc
  .record({
    node,
    incarnation,
    by,
    sessions: some(SESSIONS),
    silent: ages,
    stamp: fc.constant<StampKind>('on time'),
  })
  .chain(({ sessions, silent, by, ...common }) => {
    const other = (by + 1) % CLAIMANTS
    const long = { ...common, leaseMs: 60_000 }
    return fc.subarray<Operation>(
      [
        { ...long, type: 'flush', first: true, silent: [], gone: [] },
        { ...common, type: 'enlist', sessions: [0, 1, 2, 3] },
        { ...long, type: 'flush', first: false, silent, gone: [] },
        { ...long, type: 'claim', by },
        { ...common, type: 'release' },
        { ...long, type: 'claim', by },
        { ...long, type: 'claim', by: other },
        { ...long, type: 'flush', first: false, silent: [], gone: sessions },
        { ...common, type: 'discharge', by: other, sessions },
        { ...common, type: 'discharge', by, sessions },
        { ...long, type: 'claim', by },
        { ...common, type: 'discharge', by, sessions: [0, 1, 2, 3] },
      ],
      { minLength: 6 },
    )
  })

/** Worlds of any kind. */
export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  isSpread: fc.boolean(),
  operations: fc
    .array(
      fc.oneof({ weight: 12, arbitrary: operation.map((one) => [one]) }, { weight: 1, arbitrary: story }),
      { minLength: 1, maxLength: 30, size: 'max' },
    )
    .map((parts) => parts.flat()),
})
