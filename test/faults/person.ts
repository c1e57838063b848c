/**
 * A user, and the truth about them, as far as it can be known from their side alone: whether they are there, what they
 * chose to show, and since when nobody may be shown them offline.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { PresenceClient } from '../../src/client/index.ts'
import { createDevice, type Device } from './device.ts'
import type { Door } from './door.ts'
import { GRACE, H, T } from './node.ts'

export type Choice = 'auto' | 'away' | 'busy'

export interface Person {
  readonly id: string
  readonly client: PresenceClient
  readonly choice: Choice
  /** Has come, and neither left nor vanished since. */
  readonly present: boolean
  readonly connected: boolean
  /** Their presence and their choice stand in the storage, as far as they were told. */
  readonly settled: boolean
  /** Not present since; by the clock of this process. */
  readonly goneAt: number
  /** Since when nobody may see them offline; `null`: just now anybody may. */
  protectedSince(): number | null
  come(): void
  /**
   * Chooses again where a choice was under way when the connection was lost: the node that had it may carry it out
   * any time, also after a later one that was made elsewhere.
   */
  makeSure(): void
  choose(choice: Choice): void
  /** Says goodbye. */
  leave(): void
  /** The connection is lost, and comes back. */
  drop(): void
  vanish(how: 'cut' | 'silent'): void
  end(): void
  /** What has happened to them lately, to find out how a lie came about. */
  history(): string
}

/** Whoever is back so much before the grace ends is certainly back in time. */
const MARGIN_MS = 500
const RETRY_MS = 50
const REMEMBERED = 16

/** @param watch - is called with each client that the person comes with, once */
export function createPerson(id: string, door: Door, watch: (client: PresenceClient) => void): Person {
  let device: Device
  let watching: PresenceClient | null = null
  let present = false
  let connected = false
  let settled = false
  let choice: Choice = 'auto'
  let goneAt = performance.now()
  /** As of this moment they stood in the storage after they had been missing there. */
  let standsSince = Number.POSITIVE_INFINITY
  /** Without a connection: until then they count as there. */
  let safeUntil = Number.NEGATIVE_INFINITY
  let unsure = false
  let round = 0
  const events: string[] = []
  const note = (event: string): void => {
    events.push(`${Math.round(performance.now())} ${event}`)
    if (events.length > REMEMBERED) events.shift()
  }

  const isSafe = (): boolean => (connected && !door.isExcused()) || performance.now() < safeUntil

  /** Has the choice stand in the storage, which is also how one knows that one is there. */
  const settle = async (): Promise<void> => {
    const own = ++round
    settled = false
    const chosen = choice
    for (;;) {
      const isTaken = await device.client.setStatus(chosen).then(
        () => true,
        () => false,
      )
      if (own !== round || !present) return
      if (isTaken) {
        settled = true
        note(`settled ${chosen}`)
        standsSince = Math.min(standsSince, performance.now())
        return
      }
      await wait(RETRY_MS)
      if (own !== round) return
    }
  }
  const onConnected = (): void => {
    const wasSafe = performance.now() < safeUntil
    connected = true
    note('connected')
    if (wasSafe && settled) return
    if (!wasSafe) standsSince = Number.POSITIVE_INFINITY
    void settle()
  }
  const onLost = (): void => {
    if (!connected) return
    connected = false
    unsure ||= !settled
    note('lost')
    const patience = door.nodeDied() ? T - 1.1 * H - MARGIN_MS : GRACE - MARGIN_MS
    if (door.isExcused()) standsSince = Number.POSITIVE_INFINITY
    else safeUntil = performance.now() + patience
  }
  const begin = (): Device => {
    const next = createDevice(id, () => door.url())
    next.client.on('connection', ({ current }) => {
      if (next !== device || !present) return
      if (current === 'connected') onConnected()
      else onLost()
    })
    return next
  }
  const go = (): void => {
    unsure ||= !settled
    present = connected = settled = false
    round++
    goneAt = performance.now()
    standsSince = Number.POSITIVE_INFINITY
    safeUntil = Number.NEGATIVE_INFINITY
  }
  device = begin()

  return {
    id,
    get client() {
      return device.client
    },
    get choice() {
      return choice
    },
    get present() {
      return present
    },
    get connected() {
      return connected
    },
    get settled() {
      return settled
    },
    get goneAt() {
      return goneAt
    },
    protectedSince: () => (present && isSafe() && Number.isFinite(standsSince) ? standsSince : null),
    come() {
      note('comes')
      present = true
      const { client } = device
      client.connect().catch(() => {})
      if (watching !== client) watch(client)
      watching = client
    },
    makeSure() {
      if (unsure && connected) void settle()
      unsure &&= !connected
    },
    choose(next) {
      choice = next
      note(next)
      if (connected) void settle()
      else settled = false
    },
    leave() {
      note('leaves')
      go()
      device.client.disconnect().catch(() => {})
    },
    drop() {
      note('drops')
      device.drop()
    },
    vanish(how) {
      note(`vanishes ${how}`)
      go()
      device.vanish(how)
      device = begin()
    },
    end: () => device.end(),
    history: () => events.join(', '),
  }
}
