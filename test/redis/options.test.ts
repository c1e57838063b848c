/** What redisStorage takes. */
import { describe, expect, it } from 'vitest'
import { redisStorage } from '../../src/server/redis/index.ts'
import { VERSIONS } from './kit.ts'

describe('redisStorage', () => {
  const client = VERSIONS[0]?.single({})

  it.each([
    [{ client: undefined }, 'client'],
    [{ client: 'redis://localhost' }, 'client'],
    [{ prefix: '' }, 'prefix'],
    [{ prefix: 'a{b}' }, 'prefix'],
    [{ prefix: '\ud800' }, 'prefix'],
    [{ commandTimeoutMs: 49 }, 'commandTimeoutMs'],
    [{ commandTimeoutMs: Number.POSITIVE_INFINITY }, 'commandTimeoutMs'],
    [{ retainLastSeenMs: 0.5 }, 'retainLastSeenMs'],
    [{ retainLastSeenMs: 0 }, 'retainLastSeenMs'],
  ])('refuses %o and names the option', (given, option) => {
    const options = { client, ...given } as unknown as Parameters<typeof redisStorage>[0]
    expect(() => redisStorage(options)).toThrow(
      expect.objectContaining({
        code: 'CONFIG',
        message: expect.stringMatching(`^${option}: must be`) as string,
      }),
    )
  })

  it('C3: may need two command timeouts and the longest wait before a connection', () => {
    if (!client) throw new Error('No client')
    expect(redisStorage({ client }).recoveryMs).toBe(6_000)
    expect(redisStorage({ client, commandTimeoutMs: 100 }).recoveryMs).toBe(300)
  })
})
