/** The server under abuse, alone in its process, with adapters that can be made to hang; tells its memory when asked. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { createPresenceServer, memoryStorage, type StorageAdapter } from '../../src/server/index.ts'
import { contactsOf } from './people.ts'
import type { Answer, Figures, Question, Setup } from './street.ts'

const setup = JSON.parse(process.env.ABUSE_SETUP ?? '{}') as Setup
const collectGarbage = globalThis.gc ?? (() => undefined)
const errors: string[] = []
/** What hangs is held, as a pool of connections holds who waits for it. */
const held: (() => void)[] = []
let hangs = new Set<string>()

const hang = <T>(value: () => T): Promise<T> =>
  new Promise((resolve) => {
    held.push(() => {
      resolve(value())
    })
  })

function hangingStorage(): StorageAdapter {
  const storage = memoryStorage()
  return {
    ...storage,
    read: (ids) =>
      hangs.has('storage') ? hang(() => storage.read(ids)).then((reply) => reply) : storage.read(ids),
    swap: (swaps, stamp) =>
      hangs.has('storage')
        ? hang(() => storage.swap(swaps, { ...stamp, toleranceMs: 60_000 })).then((reply) => reply)
        : storage.swap(swaps, stamp),
  }
}

const presence = createPresenceServer({
  authenticate: ({ token = '' }) =>
    hangs.has('authenticate') && token.startsWith('slow')
      ? hang(() => ({ userId: token.slice(0, 20) }))
      : token.length > 100
        ? null
        : { userId: token },
  contacts: {
    contactsOf: (user) =>
      hangs.has('contacts') && user.startsWith('slow') ? hang(() => []) : contactsOf(user),
  },
  storage: hangingStorage(),
  heartbeat: { timeoutMs: setup.timeoutMs },
  limits: setup.limits,
})
presence.on('error', (error) => errors.push(String(error)))
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => errors.push(`${event} ${String(error)}`))

const http = createServer()
presence.attach(new WebSocketServer({ server: http }))

/** In one go, for frames go on coming. Buffers that one collection finds to be garbage are given back when the next begins. */
function measure(): Figures {
  collectGarbage()
  collectGarbage()
  const { heapUsed, external, rss } = process.memoryUsage()
  const { connections } = presence.health()
  return { used: heapUsed + external, rss, connections, held: held.length }
}

function answer({ about, names = [] }: Question): unknown {
  switch (about) {
    case 'measure':
      return measure()
    case 'hang':
      hangs = new Set(names)
      if (names.length === 0) for (const release of held.splice(0)) release()
      return null
    case 'errors':
      return errors.splice(0)
  }
}

process.on('message', (question: Question) => {
  process.send?.({ id: question.id, value: answer(question) } satisfies Answer)
})
// Whoever started this is gone.
process.on('disconnect', () => process.exit())
http.listen(0, '127.0.0.1', () => {
  process.send?.({ id: 0, value: (http.address() as AddressInfo).port } satisfies Answer)
})
