/**
 * What the hot paths of a server cost, counted and not timed: bytes allocated, frames sent, questions asked. A ring of users
 * with a hundred contacts each, sockets that take everything, a clock that moves by hand. Prints it as JSON.
 */
import { type ContactsAdapter, createPresenceServer, memoryStorage } from '../../src/server/index.ts'
import type { WebSocketLike } from '../../src/core/socket.ts'

const USERS = 400
const CONTACTS = 100
/** So many times before it counts: by then the code is compiled. */
const WARM_UP = 20
const ROUNDS = 5
/** Batches of rounds. Code that is compiled late, or anew, falls into one of them: the least is what the work allocates. */
const BATCHES = 6

const collectGarbage = (globalThis as { gc?: () => void }).gc
if (!collectGarbage) throw new Error('Run it with --expose-gc')

/** Time stands until it is moved; what is deferred is done when asked for. */
const time = {
  now: 1_000,
  timers: new Map<object, { at: number; run: () => void }>(),
  deferred: [] as (() => void)[],
}
const clock = {
  now: () => time.now,
  time: () => 1_700_000_000_000 + time.now,
  random: () => 0.5,
  setTimer(delayMs: number, run: () => void) {
    const key = {}
    time.timers.set(key, { at: time.now + delayMs, run })
    return () => void time.timers.delete(key)
  },
  defer: (run: () => void) => void time.deferred.push(run),
}

function drain(): void {
  for (let run = time.deferred.shift(); run; run = time.deferred.shift()) run()
}

function advance(ms: number): void {
  time.now += ms
  for (const [key, { at, run }] of time.timers) {
    if (at > time.now) continue
    time.timers.delete(key)
    run()
  }
  drain()
}

type Listener = (event: never) => void
const counts = { frames: 0, records: 0, questions: 0, beats: 0 }

/** A socket that takes everything. */
class Sink implements WebSocketLike {
  readonly readyState = 1
  readonly bufferedAmount = 0
  #hear: (event: { data: string }) => void = () => undefined
  addEventListener(type: string, listener: Listener): void {
    if (type === 'message') this.#hear = listener as never
  }
  send(frame: string): void {
    counts.frames++
    if (frame.startsWith('{"type":"heartbeat"')) {
      counts.beats++
      this.say('{"type":"heartbeat"}')
    } else
      for (let at = frame.indexOf('"user":'); at >= 0; at = frame.indexOf('"user":', at + 1)) counts.records++
  }
  close(): void {
    // Nobody is closed here.
  }
  say(data: string): void {
    this.#hear({ data })
  }
}

const book = new Map(
  Array.from({ length: USERS }, (_, user) => [
    `user${user}`,
    new Set(
      Array.from({ length: CONTACTS }, (_, step) => `user${(user + step - CONTACTS / 2 + USERS) % USERS}`),
    ),
  ]),
)
const contacts: ContactsAdapter = {
  symmetric: true,
  contactsOf(user) {
    counts.questions++
    return book.get(user) ?? []
  },
}
const presence = createPresenceServer({
  authenticate: ({ token = '' }) => ({ userId: token }),
  contacts,
  privacy: { settingsOf: () => ({}) },
  storage: memoryStorage({ clock }),
  clock,
  // What is looked at again by and by is no part of what is counted.
  compareMs: 86_400_000,
  limits: { admissionsPerSecond: 0, changesPerMinute: 0, framesPerSecond: 0 },
})

const sockets: Sink[] = []
for (let user = 0; user < USERS; user++) {
  const socket = new Sink()
  sockets.push(socket)
  presence.handleConnection(socket)
  socket.say(`{"type":"hello","version":1,"token":"user${user}"}`)
  socket.say('{"type":"PRESENCE_UPDATE","status":"online"}')
}
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise(setImmediate)
    advance(20)
  }
}

/** What a unit of work costs, once it is compiled. */
function measure(unitsOf: (spent: typeof counts) => number, work: () => void): Record<string, number> {
  for (let round = 0; round < WARM_UP; round++) work()
  const batches = Array.from({ length: BATCHES }, () => measureBatch(unitsOf, work))
  return batches.reduce((least, batch) => (batch.bytes < least.bytes ? batch : least))
}

function measureBatch(
  unitsOf: (spent: typeof counts) => number,
  work: () => void,
): Record<'bytes' | 'frames' | 'questions', number> {
  collectGarbage?.()
  const before = { ...counts }
  const heap = process.memoryUsage().heapUsed
  for (let round = 0; round < ROUNDS; round++) work()
  const bytes = process.memoryUsage().heapUsed - heap
  const spent = {
    frames: counts.frames - before.frames,
    records: counts.records - before.records,
    questions: counts.questions - before.questions,
    beats: counts.beats - before.beats,
  }
  const units = unitsOf(spent)
  return { bytes: bytes / units, frames: spent.frames / units, questions: spent.questions / units }
}

let turn = 0

/** Does all of it. */
export async function work(): Promise<Record<string, Record<string, number>>> {
  await settle()
  for (const socket of sockets) socket.say('{"type":"roster","watch":true,"ref":1}')
  await settle()
  return {
    // Each status is new to all. All at once: what goes to one socket goes in one frame.
    notification: measure(
      ({ records }) => records,
      () => {
        const status = turn++ % 2 === 0 ? 'away' : 'online'
        for (const socket of sockets) socket.say(`{"type":"PRESENCE_UPDATE","status":"${status}"}`)
        drain()
        // Where much is told changes wait for their turn, and sessions for more.
        advance(30)
        advance(140)
      },
    ),
    loneTransition: measure(
      ({ records }) => records / CONTACTS,
      () => {
        const status = turn++ % 2 === 0 ? 'away' : 'online'
        // It is alone by then; and no timer rings, for heartbeats are no part of it, and come when they like.
        time.now += 250
        sockets[0]?.say(`{"type":"PRESENCE_UPDATE","status":"${status}"}`)
        drain()
      },
    ),
    heartbeat: measure(
      ({ beats }) => beats,
      () => {
        for (let tick = 0; tick < 220; tick++) advance(100)
      },
    ),
    snapshotRecord: measure(
      ({ records }) => records,
      () => {
        for (let user = 0; user < 20; user++) sockets[user]?.say('{"type":"roster","watch":true,"ref":2}')
        drain()
        advance(1)
      },
    ),
  }
}
