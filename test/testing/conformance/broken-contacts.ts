/** Contacts adapters that are wrong, each in one way, and the sentence that it breaks. */
import type { ContactsAdapter } from '../../../src/server/index.ts'
import type { ContactsBook } from '../../../src/testing/index.ts'

export interface BrokenContacts {
  readonly title: string
  readonly breaks: string
  /** Told how to find a list, whether the database fails, and how to hear of its changes. */
  readonly open: (book: ContactsBook, isDown: () => boolean, onChange: OnChange) => ContactsAdapter
}

/** Calls with whose list was changed, and whether it became longer; gives what stops it. */
export type OnChange = (listener: (userId: string, isLonger: boolean) => void) => () => void

function broken(breaks: string, title: string, open: BrokenContacts['open']): BrokenContacts {
  return { breaks, title, open }
}

const listOf = (book: ContactsBook, id: string): readonly string[] => book.get(id) ?? []

const soon = () => new Promise<void>(setImmediate)

/** Keeps what it was answered, by question. Told of a user it gives up what `forgets` says. */
function keeping(
  ask: (key: string) => readonly string[],
  forgets: (userId: string, keys: readonly string[]) => readonly string[],
) {
  const kept = new Map<string, readonly string[]>()
  return {
    get(key: string): readonly string[] {
      const ids = kept.get(key) ?? [...ask(key)]
      kept.set(key, ids)
      return ids
    },
    invalidate(userId: string) {
      for (const key of forgets(userId, [...kept.keys()])) kept.delete(key)
    },
  }
}

export const brokenContacts: readonly BrokenContacts[] = [
  broken('contacts 1', 'gives the first page', (book) => ({
    contactsOf: (id) => listOf(book, id).slice(0, 1_000),
  })),
  broken('contacts 1', 'lets see who is never told', (book) => ({
    contactsOf: (id) => listOf(book, id),
    canSee: (_, ids) => ids.filter((id) => book.has(id)),
  })),
  broken('contacts 1', 'tells everybody', (book) => ({ contactsOf: () => [...book.keys()] })),
  broken('contacts 2', 'answers with all whom the viewer may see', (book) => ({
    contactsOf: (id) => listOf(book, id),
    canSee: (viewer) => [...book.keys()].filter((id) => listOf(book, id).includes(viewer)),
  })),
  broken('contacts 2', 'shows who does not exist', (book) => ({
    contactsOf: (id) => listOf(book, id),
    canSee: (viewer, ids) => ids.filter((id) => !book.has(id) || listOf(book, id).includes(viewer)),
  })),
  broken('contacts 3', 'has nobody on the roster', (book) => ({
    contactsOf: (id) => listOf(book, id),
    rosterOf: () => [],
  })),
  broken('contacts 4', 'says that lists are symmetric', (book) => ({
    contactsOf: (id) => listOf(book, id),
    symmetric: true,
  })),
  broken('contacts 5', 'fails for who is unknown', (book) => ({
    contactsOf(id) {
      const list = book.get(id)
      if (!list) throw new Error('No such user')
      return list
    },
  })),
  broken('contacts 5', 'finds what stands on a prototype', (book) => {
    const lists = Object.fromEntries(book) as Record<string, readonly string[] | undefined>
    return { contactsOf: (id) => lists[id] ?? [] }
  }),
  broken('contacts 6', 'answers with nobody when it fails', (book, isDown) => ({
    contactsOf: (id) => (isDown() ? [] : listOf(book, id)),
  })),
  broken('contacts 7', 'keeps what it was answered', (book) => {
    const { get } = keeping(
      (id) => listOf(book, id),
      () => [],
    )
    return { contactsOf: get }
  }),
  broken('contacts 7', 'gives up the list of whom it was told, and not those that they are in', (book) => {
    const { get, invalidate } = keeping(
      (id) => listOf(book, id),
      (id) => [id],
    )
    return { contactsOf: get, invalidate }
  }),
  broken('contacts 7', 'adds whom it was told of, and takes nobody out', (book) => {
    const { get } = keeping(
      (id) => listOf(book, id),
      () => [],
    )
    return { contactsOf: (id) => new Set([...get(id), ...listOf(book, id)]) }
  }),
  broken('contacts 7', 'keeps whom one may see', (book) => {
    const { get } = keeping(
      (viewer) => [...book.keys()].filter((id) => listOf(book, id).includes(viewer)),
      (id) => [id],
    )
    return {
      contactsOf: (id) => listOf(book, id),
      canSee: (viewer, ids) => ids.filter((id) => get(viewer).includes(id)),
    }
  }),
  broken('contacts 7', 'keeps rosters', (book) => {
    const { get, invalidate } = keeping(
      (id) => listOf(book, id),
      (id) => [id],
    )
    return { contactsOf: (id) => listOf(book, id), rosterOf: get, invalidate }
  }),
  broken('contacts 7', 'keeps what comes after it was told, and was asked before', (book) => {
    const kept = new Map<string, readonly string[]>()
    return {
      async contactsOf(id) {
        const ids = kept.get(id) ?? [...listOf(book, id)]
        await soon()
        kept.set(id, ids)
        return ids
      },
      invalidate: () => kept.clear(),
    }
  }),
  broken('contacts 7', 'lets others wait for a question that was asked before it was told', (book) => {
    const asked = new Map<string, Promise<readonly string[]>>()
    return {
      contactsOf(id) {
        const ids = [...listOf(book, id)]
        const answer = asked.get(id) ?? soon().then(() => (asked.delete(id), ids))
        asked.set(id, answer)
        return answer
      },
    }
  }),
  broken('contacts 8', 'tells nothing', (book) => ({
    contactsOf: (id) => listOf(book, id),
    onChange: () => () => {},
  })),
  broken('contacts 8', 'tells once', (book, _, onChange) => ({
    contactsOf: (id) => listOf(book, id),
    onChange(listener) {
      const stop = onChange((id) => {
        stop()
        listener(id)
      })
      return stop
    },
  })),
  broken('contacts 8', 'tells of who was added alone', (book, _, onChange) => ({
    contactsOf: (id) => listOf(book, id),
    onChange: (listener) => onChange((id, isLonger) => (isLonger ? listener(id) : undefined)),
  })),
  broken('contacts 8', 'tells of another', (book, _, onChange) => ({
    contactsOf: (id) => listOf(book, id),
    onChange: (listener) => onChange(() => listener('somebody')),
  })),
  broken('contacts 8', 'cannot be stopped', (book, _, onChange) => ({
    contactsOf: (id) => listOf(book, id),
    onChange(listener) {
      onChange(listener)
      return () => {}
    },
  })),
]
