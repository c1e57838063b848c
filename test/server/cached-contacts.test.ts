/** Contacts that are kept: asked once, not longer than they count, and never as they were before a change. */
import { describe, expect, it, test } from 'vitest'
import { isPromise } from '../../src/core/awaitable.ts'
import { cachedContacts, staticContacts } from '../../src/server/index.ts'
import { type ContactsBook, contactsSuite, createFakeClock } from '../../src/testing/index.ts'
import { collectIds, createContactsWorld, type Kind, KINDS } from './contacts-world.ts'

const TTL = 30_000
const [LISTS, , SYMMETRIC, CAN_SEE, CAN_SEE_AND_ROSTER] = KINDS as [Kind, Kind, Kind, Kind, Kind]
/** More than are added to a list one by one. */
const MORE_THAN_ADDED = 33
const MORE_THAN_REMEMBERED = 10_001
const names = (count: number, name = 'stranger') =>
  Array.from({ length: count }, (_, index) => `${name}${index}`)

describe.each(KINDS)('$name', (kind) => {
  const open = (options = {}) => {
    const world = createContactsWorld(kind, options)
    world.link('bob', 'alice')
    return world
  }

  it('answers are right', async () => {
    const { list, sees, roster, link } = open()
    link('carol', 'alice')
    link('bob', 'dave')
    expect(await list('bob')).toEqual(['alice', 'dave'])
    expect(await sees('alice', 'bob', 'nobody', 'carol')).toEqual(['bob', 'carol'])
    expect(await sees('dave', 'carol')).toEqual([])
    if (kind.rosterOf) expect(await roster('alice')).toEqual(['bob', 'carol'])
  })

  it('one question for all who ask while it is under way', async () => {
    const { gate, list, sees, roster } = open()
    gate.mode = 'hold'
    const all = Array.from({ length: 10 }, () => [list('bob'), sees('alice', 'bob'), roster('alice')]).flat()
    await Promise.resolve()
    expect(gate.asked.length).toBe(new Set(gate.asked).size + (kind === LISTS || kind.pages ? 1 : 0))
    gate.release()
    const expected = [['alice'], ['bob'], kind.rosterOf ? ['bob'] : []]
    expect(await Promise.all(all)).toEqual(Array.from({ length: 10 }, () => expected).flat())
  })

  it('an answer counts for as long as was set, to the millisecond, and then one question is asked', async () => {
    const { asking, clock, list, sees } = open()
    const ask = () => asking(async () => Promise.all([list('bob'), sees('alice', 'bob')]))
    const first = await ask()
    await clock.advance(TTL)
    expect(await ask()).toEqual([])
    await clock.advance(1)
    expect(await ask()).toEqual(first)
  })

  it('empty answers count as well', async () => {
    const { asking, list, sees } = open()
    const ask = () => asking(async () => Promise.all([list('nobody'), sees('nobody', 'bob', 'ghost')]))
    expect(await ask()).not.toEqual([])
    expect(await ask()).toEqual([])
  })

  it.each(['throw', 'reject'] as const)(
    'failures are told to all who wait and are not kept (%s)',
    async (mode) => {
      const { gate, clock, list, sees } = open()
      gate.mode = mode
      for (let time = 0; time < 2; time++) {
        const asked = [list('bob'), list('bob'), sees('alice', 'bob'), sees('alice', 'bob')]
        const results = await Promise.allSettled(asked)
        expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'rejected'))
      }
      gate.mode = 'open'
      // After so many failures it is left alone for a while.
      await clock.advance(1_000)
      expect([await list('bob'), await sees('alice', 'bob')]).toEqual([['alice'], ['bob']])
    },
  )

  it('what is kept is served while the adapter is down and left alone, and nothing else is asked', async () => {
    const { gate, clock, list } = open()
    await list('bob')
    gate.mode = 'reject'
    for (let time = 0; time < 5; time++) await expect(list(`user${time}`)).rejects.toThrow('out of order')
    const asked = gate.asked.length
    await expect(async () => list('carol')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await list('bob')).toEqual(['alice'])
    expect(gate.asked).toHaveLength(asked)
    gate.mode = 'open'
    await clock.advance(1_000)
    expect(await list('carol')).toEqual([])
  })

  it('an answer that does not come in time is given up, and the next one asks anew', async () => {
    const { gate, clock, list } = open({ timeoutMs: 2_000 })
    gate.mode = 'silent'
    const late = expect(list('bob')).rejects.toMatchObject({ code: 'TIMEOUT' })
    await clock.advance(2_000)
    await late
    gate.mode = 'open'
    expect(await list('bob')).toEqual(['alice'])
  })

  it.each(['give', 'fail'] as const)(
    'an old question that ends (%s) takes nothing from who asked anew',
    async (end) => {
      const { gate, asking, clock, list, sees, invalidate } = open()
      gate.mode = 'hold'
      const old = Promise.allSettled([list('bob'), sees('alice', 'bob')])
      invalidate('bob')
      const renewed = Promise.all([list('bob'), sees('alice', 'bob')])
      await clock.settle()
      const half = gate.held.length / 2
      for (const held of gate.held.splice(0, half)) held[end]()
      await old
      gate.mode = 'open'
      let waiting: Promise<unknown> = Promise.resolve()
      const join = async () => {
        waiting = Promise.all([list('bob'), sees('alice', 'bob')])
        await clock.settle()
      }
      expect(await asking(join)).toEqual([])
      gate.release()
      expect(await renewed).toEqual([['alice'], ['bob']])
      expect(await waiting).toEqual([['alice'], ['bob']])
      expect(await asking(async () => Promise.all([list('bob'), sees('alice', 'bob')]))).toEqual([])
    },
  )

  describe.each(['alice', 'bob'])('a change told of %s', (side) => {
    describe.each([true, false])('added: %s', (isAdded) => {
      const change = async (moment: 'before' | 'during' | 'after', order?: readonly [number, number]) => {
        const world = createContactsWorld(kind)
        const { gate, clock, link, list, sees, invalidate } = world
        link('bob', 'alice', !isAdded)
        const ask = async () => ({ list: await list('bob'), sees: await sees('alice', 'bob') })
        gate.mode = 'hold'
        const old = moment === 'before' ? null : ask()
        if (moment === 'after') {
          for (let time = 0; time < 3; time++) {
            gate.release()
            await clock.settle()
          }
        }
        link('bob', 'alice', isAdded)
        invalidate(side)
        const found = ask()
        for (let time = 0; time < 4; time++) {
          await clock.settle()
          gate.release(order && gate.held.length === 2 ? order : undefined)
          await clock.settle()
        }
        gate.mode = 'open'
        await old
        return { found: await found, later: await ask() }
      }

      it.each<['before' | 'during' | 'after', [number, number]?]>([
        ['before'],
        ['during', [0, 1]],
        ['during', [1, 0]],
        ['after'],
      ])(
        'S8: counts for all that is asked afterwards (%s a question, answered in the order %j)',
        async (...when) => {
          const { found, later } = await change(...when)
          for (const answer of [found, later]) {
            expect(answer.sees).toEqual(isAdded ? ['bob'] : [])
            if (isAdded) expect(answer.list).toContain('alice')
            // Who is told of may stay in the list of somebody else for a while: canSee decides.
            else if (side === 'bob') expect(answer.list.filter((id) => id !== 'bob')).toEqual([])
          }
        },
      )
    })
  })

  it('S8: a change that nobody told of counts once the answer is as old as was set, however late it came', async () => {
    const { gate, clock, list, sees, link } = open()
    gate.mode = 'hold'
    const old = Promise.all([list('bob'), sees('alice', 'bob')])
    link('bob', 'alice', false)
    await clock.advance(TTL)
    gate.release()
    await old
    gate.mode = 'open'
    expect([await list('bob'), await sees('alice', 'bob')]).toEqual([['alice'], ['bob']])
    await clock.advance(1)
    expect([await list('bob'), await sees('alice', 'bob')]).toEqual([[], []])
  })

  it('S8: what was asked before a change is not served when the change itself is forgotten', async () => {
    const { gate, clock, list, sees, link, invalidate } = open()
    gate.mode = 'hold'
    const old = Promise.all([list('bob'), sees('alice', 'bob')])
    link('bob', 'alice', false)
    invalidate('bob')
    await clock.advance(TTL + 1)
    invalidate('somebody else')
    const joined = Promise.all([list('bob'), sees('alice', 'bob')])
    gate.release()
    await clock.settle()
    gate.mode = 'open'
    gate.release()
    await Promise.all([old, joined])
    expect((await joined)[1]).toEqual([])
    expect(await sees('alice', 'bob')).toEqual([])
    expect(await list('bob')).not.toContain('alice')
  })

  it('a question that hangs is asked again once its answer would count no more', async () => {
    const { gate, clock, list, sees } = open()
    gate.mode = 'silent'
    void list('bob')
    void sees('alice', 'bob')
    await clock.advance(TTL + 1)
    gate.mode = 'open'
    expect([await list('bob'), await sees('alice', 'bob')]).toEqual([['alice'], ['bob']])
  })

  it('S8: an old answer that comes late does not stand before one that was there at once', async () => {
    const { gate, clock, list, sees, link, invalidate } = open()
    gate.mode = 'hold'
    const old = Promise.all([list('bob'), sees('alice', 'bob')])
    await clock.settle()
    link('bob', 'alice', false)
    invalidate('bob')
    gate.mode = 'open'
    expect(await sees('alice', 'bob')).toEqual([])
    const before = gate.asked.length
    gate.release()
    await old
    expect([await list('bob'), await sees('alice', 'bob')]).toEqual([[], []])
    expect(gate.asked.slice(before).filter((about) => about.startsWith('see'))).toEqual([])
  })

  it('S8: with more changes than are remembered nothing older counts', async () => {
    const { list, sees, link, invalidate } = open()
    await Promise.all([list('bob'), sees('alice', 'bob')])
    link('bob', 'alice', false)
    invalidate('bob')
    for (const name of names(MORE_THAN_REMEMBERED)) invalidate(name)
    expect(await sees('alice', 'bob')).toEqual([])
    expect(await list('bob')).toEqual([])
  })

  it('S8: more changes than are remembered while a question is under way', async () => {
    const { gate, clock, list, sees, link, invalidate } = open()
    gate.mode = 'hold'
    const old = Promise.all([list('bob'), sees('alice', 'bob')])
    await clock.settle()
    link('bob', 'alice', false)
    invalidate('bob')
    for (const name of names(MORE_THAN_REMEMBERED)) invalidate(name)
    gate.mode = 'open'
    const found = Promise.all([list('bob'), sees('alice', 'bob')])
    gate.release()
    await old
    expect(await found).toEqual([[], []])
    expect([await list('bob'), await sees('alice', 'bob')]).toEqual([[], []])
  })

  it('S8: a change of the adapter’s own counts and is passed on; of one user, or of anybody', async () => {
    const { contacts, asking, list, sees, link, tell, listens } = open()
    const heard: (string | null)[] = []
    const stop = contacts.onChange?.((user) => heard.push(user))
    for (const [user, isSeen] of [
      ['alice', false],
      [null, true],
      ['bob', false],
    ] as const) {
      await Promise.all([list('bob'), sees('alice', 'bob'), list('carol')])
      link('bob', 'alice', isSeen)
      tell(user)
      expect(await sees('alice', 'bob')).toEqual(isSeen ? ['bob'] : [])
      expect((await asking(() => list('carol'))).length).toBe(user === null ? 1 : 0)
    }
    expect(heard).toEqual(['alice', null, 'bob'])
    stop?.()
    expect(listens()).toBe(false)
  })

  it('S8: of anybody, while questions are under way: their answers are not kept', async () => {
    const { contacts, gate, clock, list, sees, link, tell } = open()
    contacts.onChange?.(() => {})
    gate.mode = 'hold'
    const old = Promise.all([list('bob'), sees('alice', 'bob')])
    await clock.settle()
    link('bob', 'alice', false)
    tell(null)
    const found = Promise.all([list('bob'), sees('alice', 'bob')])
    await clock.settle()
    gate.release([...gate.held.keys()].reverse())
    await old
    expect(await found).toEqual([[], []])
    gate.mode = 'open'
    expect([await list('bob'), await sees('alice', 'bob')]).toEqual([[], []])
  })

  it('keeps no more than so many ids', async () => {
    const { asking, list, sees, link } = open({ maxIds: 60 })
    for (const user of names(10)) for (const fan of names(4, 'fan')) link(user, fan)
    const kept = async (ask: (user: string) => Promise<unknown>) => {
      for (const user of names(10)) await ask(user)
      const found = []
      // From the newest on: who is asked about anew pushes out who is oldest.
      for (const user of names(10).reverse()) found.push((await asking(() => ask(user))).length === 0)
      return found.findIndex((isKept) => !isKept)
    }
    // A third of 60, in lists of 4 and what a list itself takes.
    expect(await kept(list)).toBe(4)
    for (const viewer of names(3, 'fan')) await kept((user) => sees(viewer, user))
    if (kind.canSee) {
      for (const viewer of names(30, 'viewer')) await sees(viewer, 'bob')
      const again = async (viewer: string) => (await asking(() => sees(viewer, 'bob'))).length === 0
      const newest = names(30, 'viewer').reverse()
      const found = []
      for (const viewer of newest) found.push(await again(viewer))
      expect(found.indexOf(false)).toBe(20)
    }
  })

  it('takes no more than so many ids of one list', async () => {
    const { list, link } = open({ maxListIds: 3 })
    for (const fan of names(9, 'fan')) link('popular', fan)
    expect(await list('popular')).toEqual(names(3, 'fan'))
  })

  if (!kind.pages) {
    it('an adapter that answers at once is answered for at once', () => {
      const { contacts } = open()
      const answers = () => [
        contacts.contactsOf('bob'),
        contacts.canSee?.('alice', ['bob']) ?? [],
        contacts.rosterOf?.('alice') ?? [],
      ]
      expect([...answers(), ...answers()].map((answer) => isPromise(answer as PromiseLike<never>))).toEqual(
        Array.from({ length: 6 }, () => false),
      )
    })
  }
})

describe('lists that have changed since', () => {
  const filled = async () => {
    const world = createContactsWorld(LISTS)
    world.link('bob', 'alice')
    await world.list('bob')
    return world
  }

  it('S8: name those who have changed since they were asked for, up to 32; with more they are asked for again', async () => {
    const { asking, list, link, invalidate } = await filled()
    const changed = names(MORE_THAN_ADDED)
    for (const name of changed.slice(0, -1)) invalidate(name)
    let found: string[] = []
    expect(await asking(async () => (found = await list('bob')))).toEqual([])
    expect(found).toEqual(['alice', ...changed.slice(0, -1)])
    link('bob', 'stranger32')
    invalidate('stranger32')
    expect(await asking(async () => (found = await list('bob')))).toEqual(['contacts bob'])
    expect(found).toEqual(['alice', 'stranger32'])
  })

  it('S8: name who was added while they were asked for again', async () => {
    const { gate, list, link, invalidate } = await filled()
    for (const name of names(MORE_THAN_ADDED)) invalidate(name)
    gate.mode = 'hold'
    const first = list('bob')
    link('bob', 'carol')
    invalidate('carol')
    const second = list('bob')
    gate.mode = 'open'
    gate.release()
    await first
    expect(await second).toContain('carol')
  })

  it('S8: name who was added while they were under way, however long that takes', async () => {
    const { gate, clock, list, link, invalidate } = createContactsWorld(LISTS)
    gate.mode = 'hold'
    const first = list('bob')
    link('bob', 'carol')
    invalidate('carol')
    const second = list('bob')
    await clock.advance(TTL + 1)
    invalidate('somebody else')
    gate.mode = 'open'
    gate.release()
    await first
    expect(await second).toContain('carol')
  })

  it('are not asked for for ever where changes come faster than answers', async () => {
    const { gate, clock, list, invalidate } = await filled()
    const flood = () => {
      for (const name of names(MORE_THAN_ADDED)) invalidate(name)
    }
    flood()
    gate.mode = 'hold'
    const answer = list('bob')
    for (let time = 0; time < 3; time++) {
      flood()
      gate.release()
      await clock.settle()
    }
    expect(await answer).toEqual(['alice'])
    expect(gate.asked).toHaveLength(2)
  })

  it('rosters are asked for again after a change of anybody', async () => {
    const { asking, roster, link, invalidate } = createContactsWorld(CAN_SEE_AND_ROSTER)
    link('bob', 'alice')
    const ask = () => asking(() => roster('alice'))
    expect([await ask(), await ask()]).toEqual([['roster alice'], []])
    link('carol', 'alice')
    invalidate('carol')
    expect(await roster('alice')).toEqual(['bob', 'carol'])
  })
})

describe('pairs', () => {
  it('whatever is missing is asked for in one question, each once', async () => {
    const { asking, sees } = createContactsWorld(CAN_SEE)
    expect(await asking(() => sees('alice', 'bob', 'carol', 'bob'))).toEqual(['see alice: bob carol'])
    expect(await asking(() => sees('alice', 'carol', 'dave', 'bob', 'erin'))).toEqual([
      'see alice: dave erin',
    ])
    expect(await asking(() => sees('alice'))).toEqual([])
  })

  it('S8: of a question under way only those count who have not changed since', async () => {
    const { gate, sees, link, invalidate } = createContactsWorld(CAN_SEE)
    link('bob', 'alice')
    link('carol', 'alice')
    gate.mode = 'hold'
    const old = sees('alice', 'bob', 'carol')
    link('bob', 'alice', false)
    invalidate('bob')
    const found = sees('alice', 'bob', 'carol')
    expect(gate.asked).toEqual(['see alice: bob carol', 'see alice: bob'])
    gate.release()
    await old
    expect(await found).toEqual(['carol'])
  })

  it('S8: nor does an old question say anything of whom a newer answer is kept', async () => {
    const { gate, sees, link, invalidate } = createContactsWorld(CAN_SEE)
    link('bob', 'alice')
    link('carol', 'alice')
    gate.mode = 'hold'
    const old = sees('alice', 'bob', 'carol')
    link('bob', 'alice', false)
    invalidate('bob')
    gate.mode = 'open'
    expect(await sees('alice', 'bob')).toEqual([])
    const found = sees('alice', 'bob', 'carol')
    gate.release()
    await old
    expect(await found).toEqual(['carol'])
  })

  it('S7: whom nobody asked about is not seen, whatever the adapter says', async () => {
    const everybody = () => ['bob', 'carol', 'alice']
    const contacts = cachedContacts({ contactsOf: () => [], canSee: everybody }, { clock: createFakeClock() })
    expect(await collectIds(contacts.canSee?.('alice', ['carol']) ?? [])).toEqual(['carol'])
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'bob'],
    ['a promise of nothing', Promise.resolve(undefined)],
  ])('%s in place of an answer is an error, and nobody is seen or hidden by it', async (_, answer) => {
    const contacts = cachedContacts(
      { contactsOf: () => [], canSee: () => answer as string[] },
      { clock: createFakeClock() },
    )
    await expect((async () => contacts.canSee?.('alice', ['bob']))()).rejects.toBeInstanceOf(TypeError)
  })

  it('ids that run into each other are told apart', async () => {
    const { sees, link } = createContactsWorld(CAN_SEE)
    link('c', 'ab')
    expect(await sees('ab', 'c')).toEqual(['c'])
    expect(await sees('a', 'bc')).toEqual([])
    expect(await sees('1', ':abc')).toEqual([])
  })
})

describe('around it', () => {
  it('S7: whether somebody is here (so that their own list is kept) does not make an answer about them any faster', async () => {
    const { asking, list, sees } = createContactsWorld(LISTS)
    await list('bob')
    expect(await asking(() => sees('alice', 'bob', 'ghost'))).toEqual(['contacts bob', 'contacts ghost'])
  })

  it('a question about very many at once is answered', async () => {
    const { sees, link } = createContactsWorld(SYMMETRIC)
    link('bob', 'alice')
    expect(await sees('alice', ...names(100_000), 'bob')).toEqual(['bob'])
  })

  it('what is told of a user is told to an adapter that keeps answers itself, and counts also where that one throws', async () => {
    const told: string[] = []
    const book = new Map([['bob', ['alice']]])
    const contacts = cachedContacts(
      {
        ...staticContacts(book),
        invalidate(user) {
          told.push(user)
          throw new Error('out of order')
        },
      },
      { clock: createFakeClock() },
    )
    await collectIds(contacts.canSee?.('alice', ['bob']) ?? [])
    book.set('bob', [])
    expect(() => contacts.invalidate?.('bob')).toThrow('out of order')
    expect(told).toEqual(['bob'])
    expect(await collectIds(contacts.canSee?.('alice', ['bob']) ?? [])).toEqual([])
  })

  it('an adapter that tells of nothing can be listened to', () => {
    const contacts = cachedContacts(staticContacts({}))
    expect(contacts.onChange?.(() => {})()).toBeUndefined()
    expect(contacts.rosterOf).toBeUndefined()
  })

  test.each(['ttlMs', 'maxIds', 'maxListIds'])('%s that cannot work is CONFIG', (option) => {
    for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '7', null]) {
      expect(() => cachedContacts(staticContacts({}), { [option]: value })).toThrow(
        expect.objectContaining({ code: 'CONFIG' }) as Error,
      )
    }
  })
})

describe.each(KINDS)('held to the contract: cached $name', (kind) => {
  describe.each([false, true])('told of changes: %s', (notifies) => {
    const open = (first: ContactsBook) => {
      const { contacts, gate, book, link, tell } = createContactsWorld(kind)
      for (const [user, ids] of first) for (const id of ids) link(user, id)
      return {
        contacts,
        breakDown: () => void (gate.mode = 'reject'),
        change(user: string, ids: readonly string[]) {
          for (const id of new Set([...(book.get(user) ?? []), ...ids])) link(user, id, ids.includes(id))
          if (notifies) tell(user)
        },
      }
    }
    const supports = { breakDown: true, changes: true, notifies }
    for (const { name, run } of contactsSuite({ open, supports })) test(name, run)
  })
})

describe('held to the contract: cachedContacts(staticContacts(book))', () => {
  const open = (book: ContactsBook) => ({ contacts: cachedContacts(staticContacts(book)) })
  for (const { name, run } of contactsSuite({ open })) test(name, run)
})
