/** The connection for commands, over one that does what those of ioredis can do. */
import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { RedisClientLike } from '../../src/server/redis/index.ts'
import { openLink } from '../../src/server/redis/link.ts'

/** Its first attempt ends without a socket: the Sentinels told of a failover while it asked them. */
class Unlucky extends EventEmitter {
  status = 'wait'
  attempts = 0

  connect(): Promise<void> {
    this.attempts++
    const succeeds = this.attempts > 1
    queueMicrotask(() => {
      this.status = succeeds ? 'ready' : 'end'
      this.emit(this.status)
    })
    this.status = 'connecting'
    return succeeds ? Promise.resolve() : Promise.reject(new Error('Connection is closed.'))
  }

  call(): Promise<unknown> {
    return Promise.resolve('OK')
  }
}

it('L3: an attempt at Redis that ends without a socket is followed by another', async () => {
  const connection = new Unlucky()
  const client: RedisClientLike = { isCluster: false, duplicate: () => connection }
  const link = openLink(client, 1_000, systemClock)
  const ping = async (): Promise<unknown> => {
    const [outcome] = await link.send([{ name: 'ping', args: [] }], link.begin())
    return outcome
  }
  expect(await ping()).toMatchObject({ error: { code: 'UNAVAILABLE' } })
  expect(await ping()).toMatchObject({ error: null, reply: 'OK' })
  expect(connection.attempts).toBe(2)
})
