/** Connects and disconnects ten thousand times, in every way there is, and prints what is left as one line of JSON. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import WebSocket, { WebSocketServer } from 'ws'
import { createPresenceServer, type PresenceServer, staticContacts } from '../../../src/server/index.ts'

const ROUNDS = 10_000
const WARM_UP = 2_000
const AT_ONCE = 40
const USERS = 200

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** How a visit ends. */
const ENDINGS: readonly ((socket: WebSocket) => void)[] = [
  (socket) => {
    socket.send('{"type":"PRESENCE_UPDATE","status":"offline"}')
  },
  (socket) => {
    socket.terminate()
  },
  (socket) => {
    socket.close(1000)
  },
  (socket) => {
    socket.send('nonsense')
    socket.send('nonsense')
    socket.send('nonsense')
  },
  (socket) => {
    socket.send(new Uint8Array([1, 2, 3]))
  },
]

async function visit(url: string, round: number): Promise<void> {
  const user = `user${round % USERS}`
  const socket = new WebSocket(url, 'presencekit.v1')
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.on('error', () => {})
  await new Promise((resolve) => socket.on('open', resolve))
  // Some go without a word, some are not let in.
  if (round % 17 === 0) socket.terminate()
  socket.send(JSON.stringify({ type: 'hello', version: 1, token: round % 13 === 0 ? 'nobody' : user }))
  socket.send('{"type":"PRESENCE_UPDATE","status":"online"}')
  socket.send('{"type":"roster","watch":true,"ref":1}')
  socket.send(JSON.stringify({ type: 'subscribe', users: ['user1', 'stranger'], ref: 2 }))
  await Promise.race([closed, new Promise((resolve) => socket.once('message', resolve))])
  if (socket.readyState === WebSocket.OPEN) ENDINGS[round % ENDINGS.length]?.(socket)
  await closed
}

async function visitMany(url: string, rounds: number): Promise<void> {
  let next = 0
  const visitor = async (): Promise<void> => {
    while (next < rounds) await visit(url, next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, visitor))
}

/**
 * Waits until nothing is due any more and the garbage is gone. When many drop at once the grace of each grows
 * until the last heartbeat + T, so that no fixed wait would do; a timer that is left for good shows all the same.
 */
async function measure(presence: PresenceServer): Promise<{ heap: number; resources: string }> {
  for (let turn = 0; turn < 10 || (isSomethingDue() && turn < 100); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    collectGarbage()
  }
  if (presence.health().connections > 0) throw new Error(`${presence.health().connections} are left`)
  return { heap: process.memoryUsage().heapUsed, resources: activeResources() }
}

/** A timer that has just run out has put off what it was for until the input is read: an immediate, and then nothing more. */
function isSomethingDue(): boolean {
  return process.getActiveResourcesInfo().some((kind) => kind === 'Timeout' || kind === 'Immediate')
}

function activeResources(): string {
  return process.getActiveResourcesInfo().sort().join(' ')
}

async function main(): Promise<void> {
  const presence = createPresenceServer({
    authenticate: ({ token }) => (token === undefined || token === 'nobody' ? null : { userId: token }),
    contacts: staticContacts(
      Object.fromEntries(
        Array.from({ length: USERS }, (_, user) => [`user${user}`, [`user${(user + 1) % USERS}`, 'user1']]),
      ),
    ),
    heartbeat: { timeoutMs: 2_000 },
    limits: { sessionsPerUser: 0, admissionsPerSecond: 0 },
  })
  const errors: string[] = []
  presence.on('error', (error) => errors.push(String(error)))
  const http: Server = createServer()
  presence.attach(new WebSocketServer({ server: http }))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`

  await visitMany(url, WARM_UP)
  const before = await measure(presence)
  await visitMany(url, ROUNDS)
  const after = await measure(presence)
  await presence.close()
  await new Promise((resolve) => http.close(resolve))
  process.stdout.write(`${JSON.stringify({ before, after, errors })}\n`)
}

void main()
