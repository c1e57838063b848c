/** The faults and hooks of the model; that it keeps the contracts is for the suites to say. */
import { describe, expect, test } from 'vitest'
import { EMPTY_RECORD } from '../../src/core/record.ts'
import type { StorageAdapter, SwapReply } from '../../src/server/index.ts'
import { createFakeClock, createMemoryCluster, type MemoryHooks } from '../../src/testing/index.ts'

const STAMP = { sentAt: 0, toleranceMs: Number.MAX_SAFE_INTEGER }

function setup(hooks: MemoryHooks = {}, lazyEpochs = false) {
  const clock = createFakeClock()
  const cluster = createMemoryCluster({ clock, lazyEpochs })
  const storage = cluster.storage(hooks)
  const at = (id: string) => cluster.recordOf(id)
  const write = (id: string, version: number, by: StorageAdapter = storage) =>
    by.swap([{ id, expected: at(id), version, record: EMPTY_RECORD }], STAMP)
  const enter = (incarnation: string, by: StorageAdapter = storage) =>
    by.nodes?.flush({ ...STAMP, incarnation, first: true, leaseMs: 1_000, silent: [], gone: [] })
  return { clock, cluster, storage, at, write, enter }
}

describe('faults', () => {
  test('a wipe loses everything and begins an epoch that is greater, though the clock went back', () => {
    const { clock, cluster, at, write, enter } = setup()
    void write('a', 7)
    void enter('n')
    const { epoch } = at('a')
    expect(epoch).toBe(clock.time())
    cluster.stepTime(-3_600_000)
    cluster.wipe()
    expect(at('a')).toEqual({ epoch: epoch + 1, version: 0, record: null })
    expect(cluster.entries()).toEqual([])
    cluster.stepTime(7_200_000)
    cluster.wipe()
    expect(at('a').epoch).toBe(clock.time() + 3_600_000)
  })

  test('with lazy epochs it is 0 until a write begins one, which finds something else than it expects', async () => {
    const { clock, cluster, at, write, enter } = setup({}, true)
    expect(at('a').epoch).toBe(0)
    expect(await write('a', 1)).toMatchObject({
      results: [{ epoch: clock.time(), version: 0, record: null }],
    })
    cluster.wipe()
    expect(at('a').epoch).toBe(0)
    expect(await enter('n')).toMatchObject({ epoch: clock.time() + 1 })
  })

  test('a failover goes back to the mark: records, entries, sessions and claims', async () => {
    const { cluster, storage, at, write, enter } = setup()
    void write('a', 1)
    void enter('n')
    cluster.mark()
    const before = cluster.entries()
    void write('a', 2)
    void write('b', 1)
    void enter('m')
    await storage.nodes?.enlist('n', [{ id: 's', user: 'a' }], STAMP)
    for (let round = 0; round < 2; round++) {
      cluster.lose()
      expect([at('a').version, at('b').version]).toEqual([1, 0])
      expect(cluster.entries()).toEqual(before)
      await storage.nodes?.enlist('n', [{ id: 's', user: 'a' }], STAMP)
    }
  })

  test('without a mark there is nothing to go back to', () => {
    expect(() => {
      setup().cluster.lose()
    }).toThrow('marked')
  })
})

describe('hooks', () => {
  test('a call can be carried out late, twice, or with nobody to hear of it', async () => {
    let carry = (): unknown => null
    const { clock, cluster, at, write } = setup({
      intercept: (call, carryOut) => {
        if (call.method !== 'swap') return carryOut()
        carry = carryOut
        return Promise.reject(new Error('No answer'))
      },
    })
    await expect(write('a', 1)).rejects.toThrow('No answer')
    expect(at('a').version).toBe(0)
    await clock.advance(5)
    expect(carry()).toEqual({ now: cluster.time(), results: ['done'] })
    expect(carry()).toMatchObject({ results: [{ version: 1 }] })
  })

  test('parts of the storage can be out of reach, with and without the write having been carried out', async () => {
    const { storage, at, write } = setup({
      reachOf: (id) => (id === 'a' ? 'none' : id === 'b' ? 'unheard' : 'whole'),
    })
    const results = ['a', 'b', 'c'].map((id) => (write(id, 1) as SwapReply).results[0])
    expect(results).toEqual(['failed', 'failed', 'done'])
    expect(['a', 'b', 'c'].map((id) => at(id).version)).toEqual([0, 1, 1])
    const { records } = await storage.read(['a', 'b', 'c'])
    expect(records).toEqual([null, null, at('c')])
  })

  test('a message arrives in a turn of its own, or as the node’s hook carries it', async () => {
    const held: (() => void)[] = []
    const { clock, cluster, storage } = setup()
    const heard: string[] = []
    await storage.bus?.listen('x', (text) => heard.push(`plain ${text}`))
    await cluster
      .storage({ carry: (_, deliver) => held.push(deliver) })
      .bus?.listen('x', (text) => heard.push(`held ${text}`))
    await storage.bus?.publish('x', '1')
    await storage.bus?.publish('x', '2')
    expect(heard).toEqual([])
    await clock.settle()
    for (const deliver of [...held.reverse(), ...held]) deliver()
    expect(heard).toEqual(['plain 1', 'plain 2', 'held 2', 'held 1', 'held 2', 'held 1'])
  })

  test('what is carried out after the storage was closed is heard by nobody', async () => {
    let carry = (): unknown => null
    const { clock, cluster, storage } = setup({
      intercept: (call, carryOut) => {
        if (call.method === 'listen') carry = carryOut
        return carryOut()
      },
    })
    const heard: string[] = []
    await storage.bus?.listen('x', (text) => heard.push(text))
    await storage.close?.()
    carry()
    await cluster.storage().bus?.publish('x', '1')
    await clock.settle()
    expect(heard).toEqual([])
    expect(() => storage.read([])).toThrow('closed')
  })

  test('what a listener throws can be heard of', async () => {
    const errors: unknown[] = []
    const { clock, storage } = setup({ onError: (error) => errors.push(error) })
    await storage.bus?.listen('x', () => {
      throw new Error('listener')
    })
    await storage.bus?.publish('x', '1')
    await clock.settle()
    expect(errors).toEqual([new Error('listener')])
  })
})
