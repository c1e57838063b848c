/** A client, a scripted server, and the clock and network between them. */
import {
  createPresenceClient,
  type PresenceClient,
  type PresenceClientOptions,
} from '../../src/client/index.ts'
import {
  createFakeClock,
  createMemoryNetwork,
  type FakeClock,
  type MemoryNetwork,
} from '../../src/testing/index.ts'
import { createScriptedServer, type ScriptedServer } from './scripted-server.ts'

export interface ClientWorld {
  readonly clock: FakeClock
  readonly network: MemoryNetwork
  readonly server: ScriptedServer
  /** What the `error` event has told. */
  readonly errors: string[]
  readonly client: PresenceClient
  /** Another client in the same world. */
  readonly createClient: (options?: Partial<PresenceClientOptions>) => PresenceClient
}

export function createClientWorld(options: Partial<PresenceClientOptions> = {}): ClientWorld {
  const clock = createFakeClock()
  const network = createMemoryNetwork({ clock, delayMs: 5 })
  const server = createScriptedServer(network)
  const createClient = (more: Partial<PresenceClientOptions> = {}): PresenceClient =>
    createPresenceClient({ url: 'ws://example.com/presence', clock, WebSocket: network.WebSocket, ...more })
  const client = createClient(options)
  const errors: string[] = []
  client.on('error', ({ code }, { stage }) => void errors.push(`${stage} ${code}`))
  return { clock, network, server, errors, client, createClient }
}
