/** What can happen: operations as plain data, so that fast-check shrinks them and a report can print them. */
import * as fc from 'fast-check'
import type { StatusChoice } from '../../src/core/model.ts'
import type { Direction } from '../../src/testing/index.ts'
import { checkAnswer } from './checks.ts'
import { clientOf, currentSide, destroy, type Device, ROSTER, watch } from './device.ts'
import { lose } from './door.ts'
import { wish } from './observe-server.ts'
import { openRaw, type RawClient, sayRaw } from './raw-client.ts'
import { GHOST } from './setup.ts'
import type { World } from './world.ts'

/** Numbers stand for devices, users and raw clients: whichever there are, counted round. */
export type Operation =
  | { readonly type: 'connect' | 'disconnect' | 'destroy'; readonly device: number }
  | { readonly type: 'subscribe' | 'unsubscribe' | 'fetch'; readonly device: number; readonly user: number }
  | { readonly type: 'watchContacts' | 'unwatchContacts'; readonly device: number }
  | {
      readonly type: 'choose'
      readonly device: number
      readonly status: StatusChoice
      readonly text?: string | null
      readonly expiresInMs?: number
    }
  | { readonly type: 'choose for'; readonly user: number; readonly status: StatusChoice }
  | { readonly type: 'kick'; readonly user: number }
  | { readonly type: 'query'; readonly user: number; readonly as: number }
  | { readonly type: 'cut' | 'heal' | 'reset' | 'stop reading'; readonly device: number }
  | { readonly type: 'mute'; readonly device: number; readonly direction: Direction }
  | { readonly type: 'lag'; readonly device: number; readonly part: number }
  | { readonly type: 'network'; readonly does: 'refuse' | 'accept' | 'cut' | 'heal' | 'reset' }
  | { readonly type: 'freeze' | 'thaw'; readonly device: number }
  | { readonly type: 'stall'; readonly part: number }
  | { readonly type: 'step time'; readonly of: 'server' | number; readonly byMs: number }
  | { readonly type: 'raw open'; readonly user: number; readonly previous: number }
  | {
      readonly type: 'raw say'
      readonly raw: number
      readonly what: 'away' | 'online' | 'offline' | 'hello' | 'again' | 'subscribe' | 'fetch'
    }
  | {
      readonly type: 'raw end'
      readonly raw: number
      readonly how: 'close' | 'terminate' | 'silence' | 'cut'
    }

/** One step: something happens, and then time passes: some milliseconds, and some parts of grace and timeout. */
export interface Step {
  readonly operation: Operation
  readonly ms: number
  readonly graces: number
  readonly timeouts: number
}

const index = fc.nat({ max: 14 })
const HOUR_MS = 3_600_000

const of = <T extends Operation['type']>(...types: T[]) => fc.constantFrom(...types)

const operations: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: of('connect'), device: index }) },
  { weight: 3, arbitrary: fc.record({ type: of('disconnect'), device: index }) },
  { weight: 1, arbitrary: fc.record({ type: of('destroy'), device: index }) },
  { weight: 6, arbitrary: fc.record({ type: of('subscribe'), device: index, user: index }) },
  { weight: 2, arbitrary: fc.record({ type: of('unsubscribe', 'fetch'), device: index, user: index }) },
  { weight: 6, arbitrary: fc.record({ type: of('watchContacts'), device: index }) },
  { weight: 1, arbitrary: fc.record({ type: of('unwatchContacts'), device: index }) },
  {
    weight: 5,
    arbitrary: fc.record(
      {
        type: of('choose'),
        device: index,
        status: fc.constantFrom<StatusChoice[]>('online', 'away', 'busy', 'invisible', 'auto'),
        text: fc.constantFrom('tea', 'work', null),
        expiresInMs: fc.constantFrom(0, 50, 3_000, 40_000),
      },
      { requiredKeys: ['type', 'device', 'status'] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: of('choose for'),
      user: index,
      status: fc.constantFrom<StatusChoice[]>('busy', 'invisible', 'auto'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: of('kick'), user: index }) },
  { weight: 2, arbitrary: fc.record({ type: of('query'), user: index, as: index }) },
  { weight: 8, arbitrary: fc.record({ type: of('cut', 'reset', 'heal', 'stop reading'), device: index }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: of('mute'),
      device: index,
      direction: fc.constantFrom<Direction[]>('up', 'down'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: of('lag'), device: index, part: fc.constantFrom(0.1, 0.7, 1.5) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: of('network'),
      does: fc.constantFrom('refuse', 'accept', 'cut', 'heal', 'reset'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: of('freeze', 'thaw'), device: index }) },
  { weight: 2, arbitrary: fc.record({ type: of('stall'), part: fc.constantFrom(0.01, 0.1, 0.4, 1.1) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: of('step time'),
      of: fc.oneof(fc.constant('server' as const), index),
      byMs: fc.constantFrom(-HOUR_MS, HOUR_MS, -2_000, 365 * 24 * HOUR_MS),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: of('raw open'), user: index, previous: index }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: of('raw say'),
      raw: index,
      what: fc.constantFrom('away', 'online', 'offline', 'hello', 'again', 'subscribe', 'fetch'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: of('raw end'),
      raw: index,
      how: fc.constantFrom('close', 'terminate', 'silence', 'cut'),
    }),
  },
)

const steps: fc.Arbitrary<Step> = fc.record({
  operation: operations,
  ms: fc.oneof(fc.constant(0), fc.nat({ max: 60 }), fc.nat({ max: 1_500 })),
  graces: fc.constantFrom(0, 0, 0, 0, 0.5, 0.99, 1.01),
  timeouts: fc.constantFrom(0, 0, 0, 0, 0, 0, 0.35, 0.6, 1.02),
})

export const scripts: fc.Arbitrary<Step[]> = fc.array(steps, { minLength: 1, maxLength: 50, size: 'max' })

/** Makes it happen. */
export function perform(world: World, operation: Operation): void {
  switch (operation.type) {
    case 'choose for':
    case 'kick':
    case 'query':
      // The application on the server is as frozen as the server is.
      return world.server.frozen ? undefined : administer(world, operation)
    case 'network':
      return disturb(world, operation.does)
    case 'stall':
      world.server.freeze()
      world.clock.setArrival(operation.part * world.bounds.timeoutMs, world.server.thaw)
      return
    case 'step time':
      return stepTime(world, operation.of, operation.byMs)
    case 'raw open':
      world.raws.push(openRaw(world.network, userAt(world, operation.user), sessionAt(world, operation)))
      return
    case 'raw say':
    case 'raw end': {
      const raw = world.raws[operation.raw % Math.max(1, world.raws.length)]
      if (raw) beRaw(raw, operation)
      return
    }
    default:
      return use(world, deviceAt(world, operation.device), operation)
  }
}

type DeviceOperation = Extract<Operation, { readonly device: number }>

/** What devices and their users can be made to do in. */
export type Stage = Pick<World, 'people' | 'bounds' | 'deviceOptions'>

/** Something happens to a device, or is done with it. */
export function use(world: Stage, device: Device, operation: DeviceOperation): void {
  const { type } = operation
  if (type === 'thaw') return device.process.thaw()
  if (type === 'freeze') return device.process.freeze()
  if (
    type === 'cut' ||
    type === 'heal' ||
    type === 'reset' ||
    type === 'stop reading' ||
    type === 'mute' ||
    type === 'lag'
  )
    return trouble(world, device, operation)
  // Nobody uses a page that stands still.
  if (device.process.frozen) return
  return apply(world, device, operation)
}

function apply(world: Stage, device: Device, operation: DeviceOperation): void {
  const { deviceOptions } = world
  switch (operation.type) {
    case 'connect':
      device.wanted = true
      device.dismissed = false
      clientOf(device, deviceOptions).connect().catch(ignore)
      return
    case 'disconnect':
      device.wanted = false
      device.client?.disconnect().catch(ignore)
      return
    case 'destroy':
      return destroy(device)
    case 'subscribe':
      return watch(
        device,
        [...world.people.users, GHOST][operation.user % (world.people.users.length + 1)] ?? GHOST,
        deviceOptions,
      )
    case 'watchContacts':
      return watch(device, ROSTER, deviceOptions)
    case 'unsubscribe':
      return unwatch(device, userAt(world, operation.user))
    case 'unwatchContacts':
      return unwatch(device, ROSTER)
    case 'fetch':
      device.wanted = true
      clientOf(device, deviceOptions)
        .fetch([userAt(world, operation.user), GHOST])
        .catch(ignore)
      return
    case 'choose': {
      const { status, text, expiresInMs } = operation
      device.wanted = true
      clientOf(device, deviceOptions)
        .setStatus(status, {
          ...(text !== undefined && { text }),
          ...(expiresInMs !== undefined && { expiresInMs }),
        })
        .catch(ignore)
      return
    }
    default:
    // What befalls the network and the processes is done elsewhere.
  }
}

function unwatch(device: Device, key: string): void {
  device.subscriptions.get(key)?.unsubscribe()
  device.subscriptions.delete(key)
}

function trouble({ bounds }: Stage, device: Device, operation: DeviceOperation): void {
  const link = currentSide(device)?.link ?? device.sides.at(-1)?.link
  if (!link) return
  switch (operation.type) {
    case 'cut':
      return link.cut()
    case 'heal':
      for (const side of device.sides) side.link.heal()
      return
    case 'reset':
      return link.reset()
    case 'stop reading':
      return link.stopReading('client')
    case 'mute':
      return link.mute(operation.direction)
    case 'lag': {
      const most = Math.round(operation.part * Math.max(bounds.graceMs, 500))
      link.delayMs = [0, most]
      return
    }
    default:
    // What the device itself does is done elsewhere.
  }
}

function disturb({ network }: World, does: Extract<Operation, { type: 'network' }>['does']): void {
  switch (does) {
    case 'refuse':
      return network.refuse(true)
    case 'accept':
      return network.refuse(false)
    case 'cut':
      return network.cutAll()
    case 'heal':
      return network.healAll()
    case 'reset':
      return network.resetAll()
  }
}

function administer(
  world: World,
  operation: Extract<Operation, { type: 'choose for' | 'kick' | 'query' }>,
): void {
  const { presence, sides, clock } = world
  const user = userAt(world, operation.user)
  switch (operation.type) {
    case 'choose for': {
      const { status } = operation
      wish(world, user, { status, text: undefined, expiresInMs: undefined, sure: true })
      presence.setStatus(user, status).catch(ignore)
      return
    }
    case 'kick':
      for (const side of sides.values()) {
        if (side.session?.user !== user || side.session.removed) continue
        if (side.session.end?.kind === 'drop') side.session.end = null
        lose(world, side, 'kick')
      }
      presence.disconnectUser(user).catch(ignore)
      return
    case 'query': {
      const since = clock.now()
      const viewer = operation.as % 2 === 0 ? undefined : userAt(world, operation.as)
      presence.get([user], viewer === undefined ? {} : { as: viewer }).then((found) => {
        for (const one of found) checkAnswer(world, one, viewer, since)
      }, ignore)
    }
  }
}

function stepTime(world: World, of: 'server' | number, byMs: number): void {
  if (of === 'server') {
    world.wallStepped = true
    world.wallSteppedAt = world.clock.now()
  }
  ;(of === 'server' ? world.server : deviceAt(world, of).process).stepTime(byMs)
}

function beRaw(raw: RawClient, operation: Extract<Operation, { type: 'raw say' | 'raw end' }>): void {
  if (operation.type === 'raw say') return sayRaw(raw, { ...RAW_WORDS[operation.what], ref: ++raw.ref })
  if (operation.how === 'close') raw.socket.close(1000)
  if (operation.how === 'terminate') raw.socket.terminate()
  if (operation.how === 'cut') raw.link.cut()
  raw.answers = false
}

const RAW_WORDS = {
  away: { type: 'PRESENCE_UPDATE', status: 'away' },
  online: { type: 'PRESENCE_UPDATE', status: 'online' },
  offline: { type: 'PRESENCE_UPDATE', status: 'offline' },
  hello: { type: 'hello', version: 1, token: 'user0' },
  again: { type: 'roster', watch: true },
  subscribe: { type: 'subscribe', users: ['user0', 'user1', GHOST] },
  fetch: { type: 'fetch', users: ['user0', 'user1', GHOST] },
} as const

function deviceAt({ devices }: World, device: number): Device {
  return devices[device % devices.length] as Device
}

function userAt({ people }: Stage, user: number): string {
  return people.users[user % people.users.length] as string
}

/** A session to name as the one before: mostly one of the same user, sometimes of another, sometimes none. */
function sessionAt(
  world: World,
  { user, previous }: { readonly user: number; readonly previous: number },
): string | undefined {
  if (previous % 5 === 0) return undefined
  const all = [...world.sessions.values()]
  const own = all.filter((session) => session.user === userAt(world, user))
  const among = previous % 5 === 1 ? all : own
  return among.at(-1 - (previous % 3))?.id
}

function ignore(): void {
  // What comes of it is seen on the wire.
}
