/** A device: a process that runs the shipped client, and an application on it that notes what it is told. */
import { createPresenceClient } from '../../src/client/client.ts'
import type { PresenceClient, PresenceSubscription } from '../../src/client/api.ts'
import { sameView, type Presence } from '../../src/core/model.ts'
import type { WirePresence } from '../../src/core/messages.ts'
import type { MemoryLink, MemoryNetwork } from '../../src/testing/index.ts'
import type { SimulatedProcess } from './process.ts'
import type { PromiseId } from './promises.ts'
import { serverMessage } from './server-side.ts'
import { wrapSocket } from './socket.ts'

/** One connection as it is seen at the client. */
export interface ClientSide {
  readonly link: MemoryLink
  /** When the client began with it. */
  readonly since: number
  welcomed: boolean
  timeoutMs: number
  /** The last frame that was there to be read. */
  arrivedAt: number
  ended: boolean
  /** The last that was read of each user. */
  readonly last: Map<string, WirePresence>
}

export interface Device {
  readonly name: string
  readonly user: string
  readonly process: SimulatedProcess
  client: PresenceClient | null
  /** The application wants to be connected. */
  wanted: boolean
  readonly subscriptions: Map<string, PresenceSubscription>
  readonly sides: ClientSide[]
  /** The server has sent it away for good. */
  dismissed: boolean
}

export interface DeviceOptions {
  readonly network: MemoryNetwork
  readonly browser: boolean
  /** Where to connect, asked at each attempt. @defaultValue the only server there is */
  readonly url?: () => string
  readonly now: () => number
  readonly breaks: (promise: PromiseId, what: string) => void
  readonly trace: (line: () => string) => void
}

/** The key of the whole contact list among the subscriptions. */
export const ROSTER = '*'
/** An attempt may take this long; the client's default. */
const CONNECT_MS = 10_000
/** A judge that is late by less than this part of its timeout does not take itself for stalled. */
const STALL_PART = 1 / 60

export function createDevice(name: string, user: string, process: SimulatedProcess): Device {
  return {
    name,
    user,
    process,
    client: null,
    wanted: false,
    subscriptions: new Map(),
    sides: [],
    dismissed: false,
  }
}

/** The client of a device that is on, or a new one. */
export function clientOf(device: Device, options: DeviceOptions): PresenceClient {
  device.client ??= startClient(device, options)
  return device.client
}

/** The connection that a device uses or tries. */
export function currentSide({ sides }: Device): ClientSide | undefined {
  return sides.filter(({ ended }) => !ended).at(-1)
}

function startClient(device: Device, options: DeviceOptions): PresenceClient {
  const { breaks } = options
  const client = createPresenceClient({
    url: options.url ?? 'ws://server/presence',
    token: () => device.user,
    clock: device.process.clock,
    deviceId: device.name,
    WebSocket: socketClass(device, options),
  })
  const isMine = (): boolean => device.client === client || device.client === null
  client.on('presence', (presence, previous) => {
    if (!isMine()) breaks('TIDY', `a destroyed client of ${device.name} told of ${presence.userId}`)
    if (presence.version <= previous.version)
      breaks('S3', `${device.name}: version fell to ${presence.version}`)
  })
  client.on('error', (error, { stage }) => {
    if (stage === 'listener' || stage === 'frame')
      breaks('SOUND', `${device.name}: ${stage}: ${error.message}`)
  })
  return client
}

/** Watches users, or the contact list, as an application would; and looks closely at what it is told. */
export function watch(device: Device, key: string, options: DeviceOptions): void {
  if (device.subscriptions.has(key)) return
  const seen = new Map<string, Presence>()
  let over = false
  const listener = (presence: Presence, previous: Presence): void => {
    const { userId, version } = presence
    const last = seen.get(userId)
    const who = `${device.name} about ${userId}`
    if (over) options.breaks('TIDY', `${who}: a listener was called after its end`)
    if (last && version <= last.version)
      options.breaks('S3', `${who}: version ${version} after ${last.version}`)
    if (last ? previous !== last : previous.version !== 0)
      options.breaks('S11', `${who}: the previous presence is not what this listener saw before`)
    if (last && sameView(last, presence)) options.breaks('S11', `${who}: a listener was told the same twice`)
    seen.set(userId, presence)
  }
  const client = clientOf(device, options)
  const subscription = key === ROSTER ? client.subscribeContacts(listener) : client.subscribe(key, listener)
  subscription.ready.catch(() => undefined)
  device.wanted = true
  device.subscriptions.set(key, {
    ...subscription,
    unsubscribe() {
      over = true
      subscription.unsubscribe()
    },
  } as PresenceSubscription)
}

/** The process of the device ends, goodbye said; the next client of it starts from nothing. */
export function destroy(device: Device): void {
  device.wanted = false
  device.client?.destroy()
  device.client = null
  device.dismissed = false
  device.subscriptions.clear()
}

function socketClass(device: Device, options: DeviceOptions) {
  const { network, browser } = options
  return function connect(url: string, protocols: string[]) {
    const inner = new network.WebSocket(url, protocols)
    const link = network.linkOf(inner)
    const side: ClientSide = {
      link,
      since: options.now(),
      welcomed: false,
      timeoutMs: CONNECT_MS,
      arrivedAt: options.now(),
      ended: false,
      last: new Map(),
    }
    device.sides.push(side)
    if (device.sides.length > 8) device.sides.shift()
    options.trace(() => `${device.name} opens #${link.id}`)
    return wrapSocket(inner, device.process, observe(device, side, options), { terminate: !browser })
  } as unknown as new (
    url: string,
    protocols: string[],
  ) => ReturnType<typeof wrapSocket>
}

function observe(device: Device, side: ClientSide, { now, breaks, trace }: DeviceOptions) {
  return {
    arrived() {
      side.arrivedAt = now()
    },
    heard(frame: string) {
      trace(() => `${device.name} #${side.link.id} hears ${frame}`)
      const message = serverMessage(frame)
      if (message?.type === 'welcome') {
        side.welcomed = true
        side.timeoutMs = message.timeoutMs
      }
      if (message?.type === 'snapshot' || message?.type === 'PRESENCE_UPDATE') {
        for (const wire of message.users) side.last.set(wire.user, wire)
      }
    },
    ended(code: number | null) {
      trace(() => `${device.name} #${side.link.id} ends it with ${code}`)
      side.ended = true
      const patience = side.welcomed ? side.arrivedAt + side.timeoutMs : side.since + CONNECT_MS
      // Who is frozen may judge late, never early; and one who was thawed at the last moment has not read yet.
      const isThawing = now() - device.process.thawedAt <= side.timeoutMs * STALL_PART
      if (device.wanted && now() < patience && !isThawing)
        breaks(
          'SOUND',
          `${device.name} gives up #${side.link.id} after ${now() - side.arrivedAt} ms of silence`,
        )
    },
    gone(code: number) {
      trace(() => `${device.name} #${side.link.id} is gone: ${code}`)
      side.ended = true
      if (code >= 4000 && code < 4100) device.dismissed = true
    },
  }
}
