/** Nodes on a real Redis, each with a count of all that it sends there and of what it asks the application. */
import { setTimeout as wait } from 'node:timers/promises'
import { countedClient, type Sent } from '../../bench/support/counted-client.mjs'
import { createKeys } from '../../src/server/redis/keys.ts'
import { redisStorage } from '../../src/server/redis/index.ts'
import {
  type ContactsAdapter,
  createPresenceServer,
  type PresenceServer,
  type PresenceServerOptions,
} from '../../src/server/index.ts'
import { type RedisServer, until } from '../support/redis-server.ts'
import type { TestClient } from './kit.ts'

export interface CostNode {
  readonly server: PresenceServer
  /** What it sent since this was last asked, heartbeats of its subscriber left out. */
  takeSent(): Sent[]
  /** The users whose contacts it asked for since this was last asked. */
  takeLookUps(): string[]
}

/** So long is nothing sent when all is done. */
const QUIET_MS = 150
const POLL_MS = 20
const LONG_AGO_MS = 86_400_000

/** Begins the epochs a day ago: nobody's offline is held back because Redis may just have lost something. */
export async function ageEpochs(server: RedisServer): Promise<void> {
  const began = String(Date.now() - LONG_AGO_MS)
  const { epochs } = createKeys('presencekit')
  await server.command('mset', ...epochs.flatMap((key) => [key, began]))
}

export async function openCostNode(
  client: TestClient,
  contactsOf: (user: string) => readonly string[] | Promise<readonly string[]>,
  options: Partial<PresenceServerOptions> = {},
): Promise<CostNode> {
  const sent: Sent[] = []
  const lookUps: string[] = []
  const contacts: ContactsAdapter = {
    contactsOf(user) {
      lookUps.push(user)
      return contactsOf(user)
    },
    symmetric: true,
  }
  const counted = countedClient(client, (one) => {
    // The subscriber asks its server for a sign of life, whatever there is to do.
    if (one.kind !== 'ping') sent.push(one)
  })
  const server = createPresenceServer({
    authenticate: ({ token = '' }) => ({ userId: token }),
    contacts,
    storage: redisStorage({ client: counted }),
    // So long that nothing that is due by the clock falls into a test.
    heartbeat: { timeoutMs: 600_000 },
    ...options,
  })
  await until(() => server.health().ready, 'the node to join')
  return { server, takeSent: () => sent.splice(0), takeLookUps: () => lookUps.splice(0) }
}

/** Waits until no node has sent anything for a while, and gives what each had sent. */
export async function sentByAll(nodes: readonly CostNode[]): Promise<Sent[][]> {
  const all = nodes.map(() => [] as Sent[])
  let quietMs = 0
  while (quietMs < QUIET_MS) {
    await wait(POLL_MS)
    quietMs += POLL_MS
    for (const [index, node] of nodes.entries()) {
      const sent = node.takeSent()
      if (sent.length > 0) quietMs = 0
      all[index]?.push(...sent)
    }
  }
  return all
}

/** What was sent, in short; of a read also how many users it was about. */
export function inShort(sent: readonly Sent[]): string[] {
  return sent.map(({ kind, args }) => (kind === 'read' ? `read ${recordsIn(args)}` : kind))
}

function recordsIn(args: readonly (string | number)[]): number {
  return args.filter((key) => String(key).includes(':u:')).length
}
