/**
 * Users who come and go, each with the shipped client and watching their contacts; and an observer who knows the truth:
 * who wants to be online, and who has a connection. It notes every false offline at the moment at which it is shown.
 */
import { setTimeout as wait } from 'node:timers/promises'
import WebSocket from 'ws'
import { createPresenceClient, type PresenceClient } from '../../src/client/index.ts'
import type { Presence } from '../../src/core/index.ts'
import { createRandom } from '../../src/testing/index.ts'
import { type NodeProcess, T } from './node.ts'
import { contactsOf, userName } from './people.ts'

/** g, and what a busy machine takes to tell of something. */
const GRACE_MS = T / 4
const DELIVERY_MS = 1_000
const POLL_MS = 50

export interface Person {
  readonly id: string
  readonly client: PresenceClient
  /** Wants to be online: has connected, and not said goodbye since. */
  wanted: boolean
  /** Since when the client has been connected, or not; by the clock of this process. */
  connected: boolean
  since: number
}

export interface Crowd {
  readonly people: readonly Person[]
  /** What must never be: somebody shown offline who was there. */
  readonly falseOffline: readonly string[]
  /** Everybody in, or so many at random. */
  come(count?: number): Promise<void>
  /** So many things that users do, one after the other. */
  live(actions: number): Promise<void>
  /** Waits until every watcher shows what is true. Gives what is still wrong after the time. */
  agree(withinMs: number): Promise<string[]>
  leave(): void
}

export function createCrowd(nodes: () => readonly NodeProcess[], count: number, seed = 1): Crowd {
  const random = createRandom(seed)
  const falseOffline: string[] = []
  const byId = new Map<string, Person>()
  const url = (): string => {
    const alive = nodes().filter((node) => node.alive)
    return `ws://127.0.0.1:${random.pick(alive.length > 0 ? alive : nodes()).port}`
  }
  const people = Array.from({ length: count }, (_, index) => createPerson(userName(index), url))
  for (const person of people) {
    byId.set(person.id, person)
    person.client.subscribeContacts((presence, previous) => {
      judge(byId, person, presence, previous, falseOffline)
    })
  }
  return {
    people,
    falseOffline,
    async come(some = people.length) {
      await Promise.all(people.slice(0, some).map((person) => enter(person)))
    },
    async live(actions) {
      for (let action = 0; action < actions; action++) {
        act(random.pick(people), random.integer(0, 5))
        await wait(20)
      }
    },
    async agree(withinMs) {
      const lastAt = Date.now() + withinMs
      for (;;) {
        const wrong = disagreements(people, byId)
        if (wrong.length === 0 || Date.now() > lastAt) return wrong.slice(0, 8)
        await wait(POLL_MS)
      }
    },
    leave() {
      for (const { client } of people) client.destroy()
    },
  }
}

function createPerson(id: string, url: () => string): Person {
  const client = createPresenceClient({
    url,
    token: id,
    WebSocket: WebSocket as never,
    activity: false,
    reconnect: { minDelayMs: 100, maxDelayMs: 1_000 },
    connectTimeoutMs: 2_000,
  })
  const person: Person = { id, client, wanted: false, connected: false, since: Date.now() }
  client.on('connection', ({ current }) => {
    const connected = current === 'connected'
    if (connected !== person.connected) person.since = Date.now()
    person.connected = connected
  })
  return person
}

async function enter(person: Person): Promise<void> {
  person.wanted = true
  await person.client.connect()
}

function act(person: Person, what: number): void {
  if (!person.wanted) {
    person.wanted = true
    person.client.connect().catch(() => {})
  } else if (what === 0) {
    person.wanted = false
    person.client.disconnect().catch(() => {})
  } else if (person.connected) {
    person.client.setStatus(what % 2 === 0 ? 'busy' : 'auto').catch(() => {})
  }
}

/** S2: nobody is shown offline who is connected, or has lost the connection just now. */
function judge(
  people: ReadonlyMap<string, Person>,
  watcher: Person,
  presence: Presence,
  previous: Presence,
  falseOffline: string[],
): void {
  const person = people.get(presence.userId)
  // A goodbye is no lie, though who said it may be on the way back.
  if (presence.reason === 'leave') return
  if (!person?.wanted || presence.status !== 'offline' || !previous.online) return
  const forMs = Date.now() - person.since
  const isThere = person.connected ? forMs > DELIVERY_MS : forMs < GRACE_MS
  if (isThere)
    falseOffline.push(
      `${watcher.id} was shown ${person.id} offline (${String(presence.reason)}), ${person.connected ? 'connected' : 'gone'} for ${forMs} ms`,
    )
}

function disagreements(people: readonly Person[], byId: ReadonlyMap<string, Person>): string[] {
  return people
    .filter(({ wanted }) => wanted)
    .flatMap((watcher) => {
      if (!watcher.connected) return [`${watcher.id} is not connected`]
      return contactsOf(watcher.id).flatMap((id) => {
        const contact = byId.get(id)
        const shown = watcher.client.get(id)
        const isRight = contact === undefined || (shown.online === contact.wanted && !shown.stale)
        return isRight ? [] : [`${watcher.id} sees ${id} ${shown.status}${shown.stale ? ' (stale)' : ''}`]
      })
    })
}
