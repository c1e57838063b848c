/** Contacts that change while somebody asks: what was kept does not count any more, and who listens is told. */
import type { ContactsAdapter } from '../../server/contacts/contract.ts'
import { systemClock } from '../../core/clock.ts'
import { check } from './assert.ts'
import { type Draft, draft, type Supports } from './case.ts'
import { collect, type ContactsWorld } from './contacts-world.ts'

const NEWER =
  '`invalidate(userId)` MUST make every answer to what is asked afterwards newer than the call, wherever it concerns that user, on either side'
const TELLS =
  '`onChange(listener)` MUST call the listener with the id of each user whose contacts or blocks were changed, by whomever; of the two sides of a pair one is enough'
const STOPS = 'It MUST give what stops it'

const canChange = { possible: ({ changes }: Supports) => changes === true }
const canTell = { possible: ({ changes, notifies }: Supports) => changes === true && notifies === true }

/** Two who are not in each other's lists, and two who are; told of the first, and of the second. */
const MOVES = [
  { pair: ['bob', 'carol'], linked: true, title: 'added' },
  { pair: ['alice', 'bob'], linked: false, title: 'removed' },
] as const
const SIDES = [0, 1] as const

/** When the first question after a change comes: all that was asked before has been answered by then, or has not. */
interface Moment {
  readonly when: string
  readonly around: (
    before: () => Promise<unknown>,
    change: () => Promise<void>,
    after: () => Promise<void>,
  ) => Promise<unknown>
}

const MOMENTS: readonly Moment[] = [
  { when: '', around: (before, change, after) => before().then(change).then(after) },
  {
    when: ' while a question is on its way',
    around: (before, change, after) => Promise.all([before(), change().then(after)]),
  },
  {
    when: ' before a question is answered',
    around: (before, change, after) => Promise.all([before(), change()]).then(after),
  },
]

export const contactsChanges: readonly Draft<ContactsWorld>[] = [
  ...MOVES.flatMap(({ pair, linked, title }) =>
    SIDES.flatMap((side) =>
      MOMENTS.map(({ when, around }) =>
        draft<ContactsWorld>(
          7,
          NEWER,
          async (world) => {
            const [one, other] = idsOf(world, pair)
            const change = async (): Promise<void> => {
              await world.link(one, other, linked)
              world.contacts.invalidate?.(side === 0 ? one : other)
            }
            const expectNew = () => expectLinked(world.contacts, one, other, linked)
            await around(() => answersOn(world.contacts, one, other), change, expectNew)
            await expectNew()
          },
          { ...canChange, detail: `${title}${when}, told of side ${side + 1}` },
        ),
      ),
    ),
  ),
  ...MOVES.map(({ pair, linked, title }) =>
    draft<ContactsWorld>(
      8,
      TELLS,
      async (world) => {
        const [one, other] = idsOf(world, pair)
        const ear = listen(world)
        await world.link(one, other, linked)
        await ear.hears([one, other])
        const [dave, alice] = idsOf(world, ['dave', 'alice'])
        await world.link(dave, alice, true)
        await ear.hears([dave, alice])
        ear.stop()
      },
      { ...canTell, detail: title },
    ),
  ),
  draft(
    8,
    STOPS,
    async (world) => {
      const [bob, carol] = idsOf(world, ['bob', 'carol'])
      const stopped = listen(world)
      await world.link(bob, carol, true)
      await stopped.hears([bob, carol])
      stopped.stop()
      const before = stopped.heard.length
      const ear = listen(world)
      const [dave, popular] = idsOf(world, ['dave', 'popular'])
      await world.link(dave, popular, true)
      await ear.hears([dave, popular])
      await new Promise<void>((resolve) => systemClock.defer(resolve))
      ear.stop()
      check(stopped.heard.length === before, 'A listener that was stopped was told all the same')
    },
    canTell,
  ),
]

function idsOf({ idOf }: ContactsWorld, [one, other]: readonly [string, string]): [string, string] {
  return [idOf(one), idOf(other)]
}

/** All that can be asked about two users, from both sides. */
async function answersOn(contacts: ContactsAdapter, one: string, other: string) {
  const about = async (target: string, viewer: string) => {
    const [list, seen, roster] = await Promise.all([
      collect(contacts.contactsOf(target)),
      contacts.canSee && collect(contacts.canSee(viewer, [target])),
      contacts.rosterOf && collect(contacts.rosterOf(viewer)),
    ])
    return {
      target,
      viewer,
      list: list.has(viewer),
      seen: seen?.has(target),
      roster: roster?.has(target),
    }
  }
  return Promise.all([about(one, other), about(other, one)])
}

/** Where each is in the other's list every rule that there is lets them see each other, and none where neither is. */
async function expectLinked(
  contacts: ContactsAdapter,
  one: string,
  other: string,
  linked: boolean,
): Promise<void> {
  for (const { target, viewer, list, seen, roster } of await answersOn(contacts, one, other)) {
    const what = `once the change was told, ${viewer} was ${linked ? 'added to' : 'taken out of'} the list of ${target}`
    // Whom `canSee` keeps out may stand in the list all the same.
    if (linked || !contacts.canSee) check(list === linked, `contactsOf is of before: ${what}`)
    check(seen === undefined || seen === linked, `canSee is of before: ${what}`)
    check(roster === undefined || roster === linked, `rosterOf is of before: ${what}`)
  }
}

function listen({ contacts, settleMs }: ContactsWorld) {
  const heard: (string | null)[] = []
  let notice = (): void => {}
  const stop = contacts.onChange?.((userId) => {
    heard.push(userId)
    notice()
  })
  check(stop !== undefined, 'The suite was told that the adapter notifies, but it has no onChange')
  let read = 0
  return {
    heard,
    stop,
    /** One of these was named since the last time, or everybody. */
    async hears(userIds: readonly string[]) {
      const isTold = () => heard.slice(read).some((id) => id === null || userIds.includes(id))
      await new Promise<void>((resolve) => {
        const cancel = systemClock.setTimer(settleMs, resolve)
        notice = () => {
          if (!isTold()) return
          cancel()
          resolve()
        }
        notice()
      })
      check(isTold(), `A change of ${userIds.join(' and ')} was not told within ${settleMs} ms`)
      read = heard.length
    },
  }
}
