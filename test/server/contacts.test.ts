/** Contacts of every shape that an adapter may give, made one kind of answer. */
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS, type Limits } from '../../src/core/limits.ts'
import { createContactsReader } from '../../src/server/contacts/reader.ts'
import { type ContactsAdapter, type IdSource, staticContacts } from '../../src/server/index.ts'
import { createFakeClock } from '../../src/testing/index.ts'
import { STRANGE_IDS } from '../corpus/frames.ts'

type Question = Parameters<ReturnType<typeof createContactsReader>>[0]

async function ask(
  adapter: Partial<ContactsAdapter>,
  question: Question,
  limits: Partial<Limits> = {},
): Promise<string[]> {
  const whole: ContactsAdapter = { contactsOf: () => [], ...adapter }
  const reader = createContactsReader(whole, { ...DEFAULT_LIMITS, ...limits }, createFakeClock())
  return [...(await reader(question))]
}
const contactsOf = (source: () => IdSource, limits: Partial<Limits> = {}) =>
  ask({ contactsOf: source }, { about: 'contacts', user: 'me' }, limits)

async function* pages(...lists: readonly (readonly string[])[]): AsyncGenerator<readonly string[]> {
  for (const list of lists) yield await Promise.resolve(list)
}

describe('staticContacts', () => {
  test.each([
    ['a record', { alice: ['bob'] }],
    ['a map', new Map([['alice', ['bob']]])],
    ['a map of sets', new Map([['alice', new Set(['bob'])]])],
  ])('from %s; who is not in it has none', (_, book) => {
    const { contactsOf: of } = { contactsOf: (id: string) => staticContacts(book).contactsOf(id) }
    expect([...(of('alice') as Iterable<string>)]).toEqual(['bob'])
    expect([...(of('nobody') as Iterable<string>)]).toEqual([])
  })

  test.each(STRANGE_IDS.map((id) => [id]))('%j is an id like any other', (id) => {
    const empty = staticContacts({}).contactsOf(id)
    expect([...(empty as Iterable<string>)]).toEqual([])
    const book = JSON.parse(`{${JSON.stringify(id)}:["bob"]}`) as Record<string, string[]>
    expect([...(staticContacts(book).contactsOf(id) as Iterable<string>)]).toEqual(['bob'])
  })

  test('a change of the book counts for what is asked afterwards', () => {
    const book = new Map([['alice', ['bob']]])
    const contacts = staticContacts(book)
    book.set('alice', ['carol'])
    expect([...(contacts.contactsOf('alice') as Iterable<string>)]).toEqual(['carol'])
  })
})

describe('lists', () => {
  test.each<[string, () => IdSource]>([
    ['an array', () => ['a', 'b']],
    ['a set', () => new Set(['a', 'b'])],
    [
      'a generator',
      function* () {
        yield 'a'
        yield 'b'
      },
    ],
    ['a promise', () => Promise.resolve(['a', 'b'])],
    ['a promise-like', () => ({ then: (resolve: (ids: string[]) => void) => resolve(['a', 'b']) }) as never],
    ['pages', () => pages(['a'], [], ['b'])],
    ['duplicates', () => ['a', 'b', 'a', 'a']],
    ['duplicates across pages', () => pages(['a', 'b'], ['b', 'a'])],
  ])('%s', async (_, source) => {
    expect(await contactsOf(source)).toEqual(['a', 'b'])
  })

  test.each([
    ['an array', () => ['a', 'b', 'c', 'd']],
    ['pages', () => pages(['a', 'b'], ['c', 'd'])],
  ])('the limit cuts %s, and counts no duplicate', async (_, source) => {
    expect(await contactsOf(source, { contacts: 3 })).toEqual(['a', 'b', 'c'])
    expect(await contactsOf(source, { contacts: 0 })).toEqual(['a', 'b', 'c', 'd'])
  })

  test('pages beyond the limit are not asked for, and the source is told that it is over', async () => {
    let asked = 0
    let told = false
    async function* endless(): AsyncGenerator<string[]> {
      try {
        for (;;) yield await Promise.resolve([`id${asked++}`])
      } finally {
        told = true
      }
    }
    expect(await contactsOf(endless, { contacts: 5 })).toHaveLength(5)
    expect(asked).toBeLessThan(8)
    expect(told).toBe(true)
  })

  test('an endless list is cut as well', async () => {
    function* endless(): Generator<string> {
      for (let id = 0; ; id++) yield `id${id}`
    }
    expect(await contactsOf(endless, { contacts: 100 })).toHaveLength(100)
  })

  test.each<[string, unknown]>([
    ['a number', [7]],
    ['null', [null]],
    ['an empty id', ['']],
    ['half a character', ['\ud800']],
    ['a row of a database', [{ id: 'a' }]],
    ['an id that is too long', ['x'.repeat(129)]],
  ])('%s among the ids is BAD_ID', async (_, ids) => {
    await expect(contactsOf(() => ids as string[])).rejects.toMatchObject({ code: 'BAD_ID' })
    await expect(contactsOf(() => Promise.resolve(ids as string[]))).rejects.toMatchObject({ code: 'BAD_ID' })
    await expect(contactsOf(() => pages(['a'], ids as string[]))).rejects.toMatchObject({ code: 'BAD_ID' })
  })

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'alice'],
    ['a number', 7],
    ['an object', {}],
    ['a promise of undefined', Promise.resolve(undefined)],
  ])('%s in place of a list is an error, not a crash and not an empty list', async (_, source) => {
    await expect(contactsOf(() => source as string[])).rejects.toBeDefined()
  })

  test('what an adapter throws or rejects with comes through', async () => {
    const fault = new Error('no database')
    await expect(
      contactsOf(() => {
        throw fault
      }),
    ).rejects.toBe(fault)
    await expect(contactsOf(() => Promise.reject(fault))).rejects.toBe(fault)
    await expect(
      contactsOf(async function* () {
        yield await Promise.resolve(['a'])
        throw fault
      }),
    ).rejects.toBe(fault)
  })
})

describe('who may be seen', () => {
  const book: Record<string, string[]> = { me: ['a', 'b'], a: ['me'], b: [], c: ['me'] }
  const of = (id: string) => book[id] ?? []
  const visible = (among: string[]): Question => ({ about: 'visible', user: 'me', among })

  test('by default: those whose own list names the viewer, asked a few at a time', async () => {
    let atOnce = 0
    let most = 0
    const slow = async (id: string): Promise<string[]> => {
      most = Math.max(most, ++atOnce)
      await Promise.resolve()
      atOnce--
      return of(id)
    }
    const many = Array.from({ length: 100 }, (_, index) => `nobody${index}`)
    expect(await ask({ contactsOf: slow }, visible([...many, 'c', 'b', 'a']))).toEqual(['c', 'a'])
    expect(most).toBeLessThanOrEqual(32)
  })

  test('with canSee: asked once for all, and only those asked about count', async () => {
    const asked: unknown[] = []
    const canSee = (viewer: string, ids: readonly string[]) => {
      asked.push([viewer, ids])
      return ['c', 'somebody else']
    }
    expect(await ask({ canSee }, visible(['a', 'c']))).toEqual(['c'])
    expect(asked).toEqual([['me', ['a', 'c']]])
  })

  test('with symmetric lists: those in the viewer’s own', async () => {
    expect(await ask({ contactsOf: of, symmetric: true }, visible(['a', 'b', 'c']))).toEqual(['a', 'b'])
  })

  test.each([{}, { symmetric: true }, { canSee: () => [] }])('everybody sees themself (%j)', async (more) => {
    expect(await ask({ contactsOf: of, ...more }, visible(['me', 'b']))).toContain('me')
  })
})

describe('time', () => {
  test('an answer that does not come within contactsTimeoutMs is TIMEOUT, and leaves no timer', async () => {
    const clock = createFakeClock()
    const limits = { ...DEFAULT_LIMITS, contactsTimeoutMs: 500 }
    const reader = createContactsReader({ contactsOf: () => new Promise(() => {}) }, limits, clock)
    const caught = Promise.resolve(reader({ about: 'contacts', user: 'me' })).then(
      () => 'answered',
      (error: unknown) => (error as { code: string }).code,
    )
    await clock.advance(499)
    expect(clock.pending()).toBe(1)
    await clock.advance(1)
    expect(await caught).toBe('TIMEOUT')
    expect(clock.pending()).toBe(0)
  })

  test('one that comes in time leaves no timer either, and 0 sets none', async () => {
    const clock = createFakeClock()
    for (const contactsTimeoutMs of [500, 0]) {
      const reader = createContactsReader(
        { contactsOf: () => Promise.resolve(['a']) },
        { ...DEFAULT_LIMITS, contactsTimeoutMs },
        clock,
      )
      await reader({ about: 'contacts', user: 'me' })
      expect(clock.pending()).toBe(0)
    }
  })

  test('pages that stop coming are timed out as well', async () => {
    const clock = createFakeClock()
    async function* stuck(): AsyncGenerator<string[]> {
      yield await Promise.resolve(['a'])
      await new Promise(() => {})
    }
    const reader = createContactsReader({ contactsOf: stuck }, DEFAULT_LIMITS, clock)
    const caught = Promise.resolve(reader({ about: 'contacts', user: 'me' })).catch(
      (error: unknown) => (error as { code: string }).code,
    )
    await clock.advance(2_000)
    expect(await caught).toBe('TIMEOUT')
  })
})
