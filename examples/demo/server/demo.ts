/** The whole demo on one port: the page, presence on `/presence`, and the application's own sockets on `/chat`. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPresenceServer, memoryStorage, type PresenceServer, staticContacts } from 'presencekit/server'
import { startLivelyContacts } from '../lively/lively-contacts.ts'
import { contactBook, livelyPeople, personOf } from '../people.ts'
import type { DemoTiming } from '../timing.ts'
import { createChat } from './chat.ts'
import { rememberEarlier } from './earlier.ts'
import { buildPage, type PageOptions } from './page.ts'

/** How a demo is started. */
export interface DemoOptions extends DemoTiming, PageOptions {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** Of the lively contacts: the same seed gives the same day. */
  readonly seed: number
}

/** A demo that runs. */
export interface Demo {
  readonly url: string
  readonly presence: PresenceServer
  close(): Promise<void>
}

/** Starts it, and resolves once the page can be opened. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { host, port, timeoutMs, graceMs, seed } = options
  const httpServer = createServer(await buildPage({ timeoutMs, graceMs }, options))
  const storage = memoryStorage()
  await rememberEarlier(storage, livelyPeople)

  const presence = createPresenceServer({
    // A TOY: whoever says "ada" is Ada. Verify a signed token here instead.
    authenticate: ({ token = '' }) => (personOf(token) ? { userId: token } : null),
    contacts: staticContacts(contactBook),
    storage,
    heartbeat: { timeoutMs },
    graceMs,
  })
  presence.attach(httpServer, { path: '/presence' })
  const chat = createChat(httpServer, '/chat')

  const address = await listen(httpServer, port, host).catch(async (error: unknown) => {
    await presence.close()
    throw error
  })
  const lively = startLivelyContacts(`ws://localhost:${address.port}`, { seed, timeoutMs })

  return {
    url: `http://localhost:${address.port}`,
    presence,
    async close() {
      lively.stop()
      chat.close()
      await presence.close()
      httpServer.closeAllConnections()
      await new Promise((resolve) => httpServer.close(resolve))
    },
  }
}

function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server.address() as AddressInfo)
    })
  })
}
