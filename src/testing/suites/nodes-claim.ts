/** Claims: who may take over, for how long, and how an entry goes. */
import { check, same, together } from './assert.ts'
import { type Draft, draft } from './case.ts'
import {
  isListed,
  LONG_MS,
  makeDeadEntry,
  openDirectory,
  ownerOf,
  sessionsOf,
  SHORT_MS,
} from './nodes-tools.ts'
import type { StorageWorld } from './storage-world.ts'
import { STRANGE_IDS } from './strange-ids.ts'

const ONLY_LAPSED = '`claim` MUST succeed only where the lease has lapsed'
const STEPPED = 'or lies further ahead than `leaseMs` and a second (a clock was stepped back)'
const NOBODY_ELSE = "and nobody else's claim runs"
const HOLDS = 'A claim holds for `leaseMs`; claimed again by the same it is extended'
const DISCHARGES = '`discharge` MUST take sessions off an entry that the caller has claimed'
const WITH_THE_LAST = 'and the entry with the last of them'
const ANOTHERS = "and MUST say `lost` where the claim is another's"
const GONE = 'An entry that is gone is `done`, and taken off the list'
const RELEASES = '`release` MUST make the lease lapse at once'

const RACERS = 6
const ROUNDS = 10
const SECOND_MS = 1_000

export const claimCases: readonly Draft<StorageWorld>[] = [
  draft(5, ONLY_LAPSED, async (world) => {
    const directory = await openDirectory(world)
    same((await directory.claim('n', 'm')).outcome, 'gone', 'A claim of what is not there')
    await directory.flush('n', { first: true, leaseMs: LONG_MS })
    await directory.enlist('n', 'a', 'b')
    same((await directory.claim('n', 'm')).outcome, 'alive', 'A claim while the lease runs')
    same(
      (await directory.flush('n', { leaseMs: SHORT_MS })).outcome,
      'kept',
      'A flush after a claim that failed',
    )
    await world.advance(2 * SHORT_MS)
    const claim = await directory.claim('n', 'm')
    same(claim.outcome, 'claimed', 'A claim after the lease has lapsed')
    const owners = ['a', 'b'].map((id) => ({ ...ownerOf(id), lastLifeAt: null }))
    same(sessionsOf(claim), owners, 'What a dead node has left')
  }),
  draft(
    5,
    ONLY_LAPSED,
    async (world) => {
      const directory = await openDirectory(world)
      for (const [index, strange] of STRANGE_IDS.entries()) {
        await directory.flush(strange, { first: true, silent: [{ id: strange, ageMs: index }] })
        await directory.enlist(strange, strange)
      }
      const { nodes } = await directory.flush('n', { first: true })
      same(
        nodes.map(({ incarnation }) => incarnation).sort(),
        ['n', ...STRANGE_IDS].sort(),
        'The list of nodes',
      )
      for (const strange of STRANGE_IDS) {
        await directory.release(strange)
        const { sessions } = await directory.claim(strange, strange)
        const [{ id, user } = {}] = sessions
        same({ id, user }, ownerOf(strange), `The session of ${JSON.stringify(strange)}`)
        same((await directory.discharge(strange, strange, strange)).outcome, 'done', 'To discharge it')
      }
      same(
        (await directory.flush('n')).nodes.length,
        1,
        'How many are listed after all others were discharged',
      )
    },
    { detail: 'of incarnations, sessions and users with strange ids' },
  ),
  draft(5, STEPPED, async (world) => {
    const directory = await openDirectory(world)
    await directory.flush('n', { first: true, leaseMs: LONG_MS })
    // Calls take their time: the lease has less left than it had.
    const justBelow = LONG_MS - SECOND_MS / 2
    same(
      (await directory.claim('n', 'm', { leaseMs: justBelow })).outcome,
      'alive',
      'A claim of a lease that can be',
    )
    const farBelow = LONG_MS / 2
    same(
      (await directory.claim('n', 'm', { leaseMs: farBelow })).outcome,
      'claimed',
      'One of a lease that cannot be',
    )
  }),
  draft(
    5,
    STEPPED,
    async (world) => {
      const directory = await openDirectory(world)
      await directory.flush('n', { first: true, leaseMs: 10_000 })
      await world.stepTime(-LONG_MS)
      same(
        (await directory.claim('n', 'm', { leaseMs: 10_000 })).outcome,
        'claimed',
        'A claim after the step',
      )
      await world.stepTime(-LONG_MS)
      same(
        (await directory.claim('n', 'k', { leaseMs: 10_000 })).outcome,
        'claimed',
        'One by another after another',
      )
    },
    { detail: 'as it is', possible: ({ stepTime }) => stepTime === true },
  ),
  draft(5, NOBODY_ELSE, async (world) => {
    const [one, other] = [await openDirectory(world), await openDirectory(world)]
    for (let round = 0; round < ROUNDS; round++) {
      const incarnation = `n${round}`
      await makeDeadEntry(one, incarnation, 'a')
      const racers = Array.from({ length: RACERS }, (_, index) => `m${index}`)
      const claims = await together(
        racers.map((by, index) => () => (index % 2 ? one : other).claim(incarnation, by)),
      )
      const outcomes = claims.map(({ outcome }) => outcome).sort()
      same(outcomes, ['claimed', ...Array.from(racers.slice(1), () => 'taken')], 'Claims by several at once')
    }
  }),
  draft(5, HOLDS, async (world) => {
    const directory = await openDirectory(world)
    await makeDeadEntry(directory, 'n', 'a')
    const claimBy = async (by: string, leaseMs: number) =>
      (await directory.claim('n', by, { leaseMs })).outcome
    same(await claimBy('m', LONG_MS), 'claimed', 'A first claim')
    same(await claimBy('k', LONG_MS), 'taken', 'A claim by another while it holds')
    same(await claimBy('m', SHORT_MS), 'claimed', 'A claim by the same again')
    await world.advance(2 * SHORT_MS)
    same(await claimBy('k', SHORT_MS), 'claimed', 'A claim by another after it has lapsed')
    same(await claimBy('k', LONG_MS), 'claimed', 'A claim by the same, extended')
    await world.advance(2 * SHORT_MS)
    same(await claimBy('m', LONG_MS), 'taken', 'A claim by another while it holds, since it was extended')
  }),
  draft(6, DISCHARGES, async (world) => {
    const directory = await openDirectory(world)
    await makeDeadEntry(directory, 'n', 'a', 'b', 'c')
    same((await directory.discharge('n', 'm', 'a')).outcome, 'lost', 'A discharge of what nobody has claimed')
    await directory.claim('n', 'm')
    same(
      (await directory.discharge('n', 'm', 'a', 'never there')).outcome,
      'done',
      'A discharge by the claimant',
    )
    same((await directory.discharge('n', 'm', 'a')).outcome, 'done', 'One of a session that is off already')
    const left = sessionsOf(await directory.claim('n', 'm'))
    same(
      left.map(({ id }) => id),
      ['b', 'c'],
      'What is left of the sessions',
    )
  }),
  draft(6, WITH_THE_LAST, async (world) => {
    const directory = await openDirectory(world)
    await makeDeadEntry(directory, 'n', 'a', 'b')
    await makeDeadEntry(directory, 'empty')
    await directory.claim('n', 'm')
    await directory.claim('empty', 'm')
    await directory.discharge('n', 'm', 'a')
    same((await directory.claim('n', 'm')).outcome, 'claimed', 'A claim while a session is left')
    await directory.discharge('n', 'm', 'b')
    await directory.discharge('empty', 'm')
    for (const name of ['n', 'empty']) {
      same(
        (await directory.claim(name, 'm')).outcome,
        'gone',
        `A claim of ${name} after its last session is off`,
      )
    }
  }),
  draft(6, ANOTHERS, async (world) => {
    const directory = await openDirectory(world)
    await makeDeadEntry(directory, 'n', 'a')
    await directory.claim('n', 'm', { leaseMs: SHORT_MS })
    same(
      (await directory.discharge('n', 'k', 'a')).outcome,
      'lost',
      'A discharge by another than the claimant',
    )
    await world.advance(2 * SHORT_MS)
    same((await directory.claim('n', 'k')).sessions.length, 1, 'The sessions after a discharge that was lost')
    same((await directory.discharge('n', 'm', 'a')).outcome, 'lost', 'A discharge by who was claimant before')
    same((await directory.discharge('n', 'k', 'a')).outcome, 'done', 'A discharge by the claimant')
  }),
  draft(6, GONE, async (world) => {
    const directory = await openDirectory(world)
    same(
      (await directory.discharge('never there', 'm', 'a')).outcome,
      'done',
      'A discharge of what never was',
    )
    await makeDeadEntry(directory, 'n', 'a')
    await directory.claim('n', 'm')
    for (const round of [1, 2]) {
      same(
        (await directory.discharge('n', 'm', 'a')).outcome,
        'done',
        `Discharge ${round} of the last session`,
      )
    }
    check(!isListed(await directory.flush('m', { first: true }), 'n'), 'What is gone should not be listed')
  }),
  draft(7, RELEASES, async (world) => {
    const [one, other] = [await openDirectory(world), await openDirectory(world)]
    await one.flush('n', { first: true })
    await one.enlist('n', 'a')
    same((await other.claim('n', 'm')).outcome, 'alive', 'A claim before the release')
    await one.release('n')
    const { now, nodes } = await other.flush('m', { first: true })
    const leaseUntil = nodes.find(({ incarnation }) => incarnation === 'n')?.leaseUntil ?? Number.NaN
    check(
      leaseUntil <= now,
      `At ${now} a lease that was given up should have lapsed, but runs until ${leaseUntil}`,
    )
    const { outcome, sessions } = await other.claim('n', 'm')
    same([outcome, sessions.length], ['claimed', 1], 'A claim after the release')
    await one.release('n')
    await one.release('never there')
    same(
      (await other.claim('never there', 'm')).outcome,
      'gone',
      'A claim of what was released and never was',
    )
  }),
]
