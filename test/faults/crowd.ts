/**
 * Users who come and go and watch each other, and an observer who knows of each whether they are there. It holds against
 * that what every watcher is shown, at the moment at which it is shown (S2) and all the time (S1); and when all is quiet,
 * everything that is shown and stored (L1).
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { PresenceClient } from '../../src/client/index.ts'
import type { Presence, PresenceStatus } from '../../src/core/index.ts'
import { createRandom, type Random } from '../../src/testing/index.ts'
import { watchLag } from './lag.ts'
import { F, L, type NodeProcess, R, T, W } from './node.ts'
import { contactsOf, userName } from './people.ts'
import { createDoor, type Excuse } from './door.ts'
import { createPerson, type Person } from './person.ts'

export interface Crowd {
  readonly people: readonly Person[]
  person(index: number): Person
  /** What must never be, since last asked: somebody shown offline who was there, or online long after they had gone. */
  takeLies(): string[]
  /** How often somebody was shown somebody else's new status. */
  readonly news: number
  /** How long the last agreement took. */
  readonly tookMs: number
  /** So many come in, from the first on; resolves when all of them stand in the storage. */
  come(count?: number): Promise<void>
  /** Lives until told to stop. */
  live(signal: AbortSignal): Promise<void>
  /** Until this is called everything may take as long as it takes: whatever happened is over only now. */
  calm(): void
  /**
   * A node is cut off: nothing is promised of those whom it has, or of those alone who come to it from now on, or have
   * come so lately that they may not stand in the storage yet.
   */
  excuse(place: number, whom: 'all' | 'newcomers'): void
  /** It has had the time to make up for it. */
  excuseNobody(): void
  /** Waits until every watcher and the storage show what is true. Gives what is still wrong after the time. */
  agree(withinMs?: number): Promise<string[]>
  /** All at once lose their connection. */
  dropAll(): void
  end(): void
}

/** Delivery, on a busy machine. */
export const DELIVERY_MS = 1_500
/** Everybody who died is offline by then, and everybody else has been told: T + W + L, R after an outage. */
export const SETTLED_MS = T + W + L + F + R + 2 * DELIVERY_MS
const LOOK_MS = 200
const POLL_MS = 50
const ACT_MS = 15
/** People vanish at the beginning of a life only: of those who do nobody is certain for T. */
const VANISH_MS = 2_000
/** Longer than it takes to be told of the next change. */
const MOST_COMPLAINTS = 12

export function createCrowd(nodes: () => readonly NodeProcess[], count: number, seed: number): Crowd {
  const random = createRandom(seed)
  const lies: string[] = []
  const lag = watchLag()
  const byId = new Map<string, Person>()
  let calmSince: number | null = performance.now()
  let tookMs = 0
  let news = 0
  let excused: Excuse | null = null

  /** S2, at the moment at which somebody is shown something new. What was shown before was judged then. */
  const judge = (watcher: string, { userId, status, reason, stale }: Presence, previous: Presence): void => {
    if (status !== previous.status) news++
    if (status !== 'offline' || previous.status === 'offline') return
    const since = byId.get(userId)?.protectedSince() ?? null
    const forMs = performance.now() - (since ?? Number.POSITIVE_INFINITY)
    if (forMs <= DELIVERY_MS + 2 * lag.longest()) return
    const facts = `${String(reason)}${stale ? ', stale' : ''}, there for ${Math.round(forMs)} ms`
    const history = byId.get(userId)?.history() ?? ''
    lies.push(
      `S2: ${watcher} was shown ${userId} offline (${facts}) at ${Math.round(performance.now())}: ${history}`,
    )
  }
  const watch =
    (id: string) =>
    (client: PresenceClient): void => {
      client.on('presence', (presence, previous) => {
        judge(id, presence, previous)
      })
      client.subscribeContacts()
    }
  const people = Array.from({ length: count }, (_, index) => {
    const id = userName(index)
    const person = createPerson(
      id,
      createDoor(nodes, index, () => excused),
      watch(id),
    )
    byId.set(id, person)
    return person
  })

  /** S1, all the time: who has gone is not online for long, as far as a watcher knows who is told of anything. */
  const look = setInterval(() => {
    if (calmSince === null) return
    const latest = performance.now() - SETTLED_MS - 2 * lag.longest()
    if (calmSince > latest) return
    for (const person of people) {
      if (person.present || person.goneAt > latest) continue
      for (const id of contactsOf(person.id)) {
        const watcher = byId.get(id)
        if (!watcher?.settled || !watcher.connected) continue
        const { online, stale } = watcher.client.get(person.id)
        if (online && !stale) lies.push(`S1: ${id} still sees ${person.id} online`)
      }
    }
  }, LOOK_MS)

  return {
    people,
    takeLies: () => lies.splice(0),
    get news() {
      return news
    },
    person: (index) => people[index] as Person,
    get tookMs() {
      return tookMs
    },
    async come(some = people.length) {
      const newcomers = people.slice(0, some)
      for (const person of newcomers) person.come()
      while (!newcomers.every(({ settled }) => settled)) await wait(POLL_MS)
    },
    async live(signal) {
      calmSince = null
      const vanishUntil = performance.now() + VANISH_MS
      while (!signal.aborted) {
        act(random.pick(people), random, performance.now() < vanishUntil)
        await wait(ACT_MS)
      }
    },
    calm() {
      calmSince = performance.now()
    },
    excuse(place, whom) {
      const lately = performance.now() - DELIVERY_MS
      excused = { place, since: whom === 'all' ? Number.NEGATIVE_INFINITY : lately }
    },
    excuseNobody() {
      excused = null
    },
    async agree(withinMs = SETTLED_MS) {
      const startedAt = performance.now()
      for (;;) {
        for (const person of people) if (person.present) person.makeSure()
        let wrong = people.flatMap((person) => complaintsOf(person, byId))
        if (wrong.length === 0) wrong = await storedWrong(nodes(), people)
        tookMs = Math.round(performance.now() - startedAt)
        if (wrong.length === 0) return []
        if (tookMs > withinMs + 2 * lag.longest()) return wrong.slice(0, MOST_COMPLAINTS)
        await wait(POLL_MS)
      }
    },
    dropAll() {
      for (const person of people) if (person.present) person.drop()
    },
    end() {
      clearInterval(look)
      lag.stop()
      for (const person of people) person.end()
    },
  }
}

/** Something that users do, or that happens to them. */
function act(person: Person, random: Random, mayVanish: boolean): void {
  const what = random.next()
  if (!person.present) person.come()
  else if (what < 0.15) person.leave()
  else if (what < 0.25 && mayVanish) person.vanish(what < 0.22 ? 'cut' : 'silent')
  else if (what < 0.45) person.drop()
  else person.choose(random.pick(['auto', 'away', 'busy']))
}

/** What a person is to be seen as. */
function truthOf({ present, choice }: Person): PresenceStatus {
  if (!present) return 'offline'
  return choice === 'auto' ? 'online' : choice
}

/** What a watcher does not see as it is. */
function complaintsOf(watcher: Person, byId: ReadonlyMap<string, Person>): string[] {
  if (!watcher.present) return []
  if (!watcher.connected || !watcher.settled) {
    const connection = JSON.stringify(watcher.client.connection)
    return [`${watcher.id} is not back (${connection}): ${watcher.history()}`]
  }
  return contactsOf(watcher.id).flatMap((id) => {
    const contact = byId.get(id)
    if (!contact) return []
    const { status, stale } = watcher.client.get(id)
    if (status === truthOf(contact) && !stale) return []
    return [
      `${watcher.id} sees ${id} ${status}${stale ? ' (stale)' : ''} and not ${truthOf(contact)}: ${contact.history()}`,
    ]
  })
}

/** What the storage does not hold as it is, through each node. */
async function storedWrong(nodes: readonly NodeProcess[], people: readonly Person[]): Promise<string[]> {
  const ids = people.map(({ id }) => id)
  const answers = await Promise.all(
    nodes.filter(({ alive, frozen }) => alive && !frozen).map((node) => node.statuses(ids)),
  )
  return answers.flatMap((statuses) => {
    if (!statuses) return ['A node does not answer']
    return people.flatMap((person, index) => {
      const stored = statuses[index] ?? 'nothing'
      return stored === truthOf(person)
        ? []
        : [`The storage holds ${person.id} ${stored} and not ${truthOf(person)}`]
    })
  })
}
