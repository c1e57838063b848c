/** Contacts: who is to be told, who may see, and that nothing is given away. */
import type { ContactsAdapter } from '../../server/contacts/contract.ts'
import { check, same } from './assert.ts'
import { type Draft, draft } from './case.ts'
import { collect, type ContactsWorld } from './contacts-world.ts'
import { STRANGE_IDS } from './strange-ids.ts'

const NAMES = "`contactsOf(userId)` MUST name everyone who is to be told of `userId`'s presence"
const INCLUDES = 'It MUST include everyone whom `canSee` lets see `userId`'
const HARMLESS = "Duplicates and the user's own id do no harm"
const AMONG = '`canSee(viewerId, userIds)` MUST answer with those of `userIds` whom the viewer may see'
const NOT_TELL = 'MUST NOT tell a user who does not exist from one who may not be seen'
const ROSTER = '`rosterOf(userId)` MUST name whom the user may watch as a whole'
const SYMMETRIC = '`symmetric: true` says that one list serves all three: whoever is in mine has me in theirs'
const EMPTY = 'A user of whom nothing is known MUST give an empty answer, not an error'
const REJECTS = 'A failing question MUST reject or throw'

const NOBODY = 'nobody of this name'

export const contactsCases: readonly Draft<ContactsWorld>[] = [
  draft(1, NAMES, async ({ contacts, book }) => {
    for (const [user, expected] of book) {
      const found = await collect(contacts.contactsOf(user))
      same(
        without(expected, [...found]).slice(0, 3),
        [],
        `Who is missing from the ${expected.length} contacts of ${user}`,
      )
    }
  }),
  draft(1, INCLUDES, async ({ contacts, book }) => {
    const users = someOf(book)
    for (const viewer of users) {
      const seen = await visibleTo(contacts, viewer, users)
      for (const user of users.filter((id) => id !== viewer && seen.has(id))) {
        const told = await collect(contacts.contactsOf(user))
        check(told.has(viewer), `${viewer} may see ${user}, and would never be told of them`)
      }
    }
  }),
  draft(1, HARMLESS, async ({ contacts, book }) => {
    for (const user of someOf(book)) {
      const strangers = without(await collect(contacts.contactsOf(user)), [...(book.get(user) ?? []), user])
      // Whom `canSee` keeps out may stand in the list all the same: it is asked at every delivery.
      if (!contacts.canSee)
        same(strangers, [], `Who is in the contacts of ${user} besides, and would see them`)
    }
  }),
  draft(2, AMONG, async ({ contacts, book, idOf }) => {
    const names = [['bob'], ['alice', 'dave', 'bob'], ['dave', 'carol', 'alice'], []]
    for (const viewer of ['alice', 'bob', 'carol', 'dave'].map(idOf)) {
      for (const asked of names.map((some) => some.map(idOf))) {
        const seen = await visibleTo(contacts, viewer, asked)
        same(
          without(seen, asked),
          [],
          `Whom canSee answers with though they were not asked about (viewer ${viewer})`,
        )
        const friends = asked.filter((id) => id !== viewer && areMutual(book, id, viewer))
        same(
          without(friends, [...seen]),
          [],
          `Whom ${viewer} may not see, though each is a contact of the other`,
        )
      }
    }
  }),
  draft(2, NOT_TELL, async ({ contacts, idOf }) => {
    const [viewer, hidden, nobody] = ['dave', 'carol', NOBODY].map(idOf) as [string, string, string]
    for (const asked of [[hidden], [nobody], [hidden, nobody], [nobody, hidden]]) {
      same(
        [...(await visibleTo(contacts, viewer, asked))],
        [],
        `What canSee says to a stranger of ${asked.join(' and ')}`,
      )
    }
  }),
  draft(3, ROSTER, async ({ contacts, book }) => {
    for (const user of someOf(book)) {
      const roster = await collect(contacts.rosterOf?.(user) ?? contacts.contactsOf(user))
      const visible = await visibleTo(contacts, user, [...roster])
      const friends = someOf(book).filter((id) => areMutual(book, id, user))
      same(
        without(friends, [...roster]),
        [],
        `Who is missing from the roster of ${user}, though each is a contact of the other`,
      )
      if (contacts.rosterOf) {
        same(
          [...roster].filter((id) => id !== user && !visible.has(id)),
          [],
          `Whom ${user} may watch, but not see`,
        )
      }
    }
  }),
  draft(4, SYMMETRIC, async ({ contacts, book, symmetric }) => {
    same(contacts.symmetric ?? false, symmetric, 'What the adapter says of itself with `symmetric`')
    if (!symmetric) return
    for (const user of someOf(book)) {
      for (const other of [...(await collect(contacts.contactsOf(user)))].slice(0, 10)) {
        const theirs = await collect(contacts.contactsOf(other))
        check(theirs.has(user), `${other} is in the list of ${user}, but not the other way round`)
      }
    }
  }),
  draft(5, EMPTY, async ({ contacts, book, idOf }) => {
    for (const nobody of [idOf(NOBODY), ...STRANGE_IDS].filter((id) => !book.has(id))) {
      for (const found of await answersFor(contacts, nobody, idOf('alice'))) {
        same(
          [...found].filter((id) => id !== nobody),
          [],
          `What is answered of ${JSON.stringify(nobody)}`,
        )
      }
    }
  }),
  draft(
    6,
    REJECTS,
    async ({ contacts, breakDown, idOf }) => {
      const alice = idOf('alice')
      await breakDown()
      const questions: (() => Promise<unknown>)[] = [
        () => collect(contacts.contactsOf(alice)),
        ...(contacts.canSee ? [() => visibleTo(contacts, alice, [idOf('bob')])] : []),
        ...(contacts.rosterOf ? [() => collect(contacts.rosterOf?.(alice) ?? [])] : []),
      ]
      for (const question of questions) {
        const hasFailed = await question().then(
          () => false,
          () => true,
        )
        check(hasFailed, 'A question that fails was answered')
      }
    },
    { possible: ({ breakDown }) => breakDown === true },
  ),
]

function without(ids: Iterable<string>, others: readonly string[]): string[] {
  const left = new Set(ids)
  for (const id of others) left.delete(id)
  return [...left]
}

/** Then every rule that there is lets them see each other. */
function areMutual(book: ContactsWorld['book'], one: string, other: string): boolean {
  return book.get(one)?.includes(other) === true && book.get(other)?.includes(one) === true
}

/** Those with lists of their own; of the many fans of one a few. */
function someOf(book: ContactsWorld['book']): string[] {
  return [...book.keys()].slice(0, 8)
}

/** What `canSee` says, or what stands in for it where it is left out: the users' own lists. */
async function visibleTo(
  contacts: ContactsAdapter,
  viewer: string,
  users: readonly string[],
): Promise<ReadonlySet<string>> {
  if (contacts.canSee) return collect(contacts.canSee(viewer, users))
  const seen = new Set<string>()
  for (const user of users) if ((await collect(contacts.contactsOf(user))).has(viewer)) seen.add(user)
  return seen
}

/** Every answer that has to do with a user of whom nothing is known, or that they get. */
async function answersFor(contacts: ContactsAdapter, nobody: string, somebody: string) {
  return [
    await collect(contacts.contactsOf(nobody)),
    ...(contacts.rosterOf ? [await collect(contacts.rosterOf(nobody))] : []),
    ...(contacts.canSee
      ? [
          await collect(contacts.canSee(nobody, [somebody])),
          await collect(contacts.canSee(somebody, [nobody])),
          await collect(contacts.canSee(nobody, [nobody])),
        ]
      : []),
  ]
}
