// The naive loop on several nodes: one PUBLISH a transition, heard by every node, each of which tells those of the contacts whom
// it has. Nothing is kept in Redis.

import { Redis } from 'ioredis'
import { countCommands } from '../support/counted-client.mjs'
import { changesOf } from './hand-made.mjs'
import { startOnWs } from './on-ws.mjs'

const CHANNEL = 'presence'

/** @param {import('./serve.mjs').PeerSettings} settings */
export async function start(settings) {
  const client = new Redis({ port: settings.redisPort ?? 0 })
  const subscriber = client.duplicate()
  const commands = countCommands(client)
  const { port, change } = await startOnWs(
    settings,
    (sockets, record) => {
      const text = changesOf([record])
      for (const socket of sockets) socket.send(text)
    },
    (user, status) => void client.publish(CHANNEL, `${user} ${status}`),
  )
  subscriber.on('message', (_channel, message) => {
    const [user = '', status = ''] = message.split(' ')
    change(user, status)
  })
  await subscriber.subscribe(CHANNEL)
  return { port, commands }
}
