// presencekit on several nodes: state and messages in Redis.

import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { redisStorage } from 'presencekit/redis'
import { countedClient } from '../support/counted-client.mjs'
import { startPresencekit } from './presencekit.mjs'

const LOOK_MS = 10

/** @param {import('./serve.mjs').PeerSettings} settings */
export async function start(settings) {
  let sent = 0
  const client = new Redis({ port: settings.redisPort ?? 0, lazyConnect: true })
  const storage = redisStorage({ client: countedClient(client, () => sent++) })
  const { port, presence } = await startPresencekit(settings, { storage })
  while (!presence.health().ready) await wait(LOOK_MS)
  return { port, commands: () => sent }
}
