/** Nodes on a Redis, and a crowd on the nodes: one world for all tests of a file, gone after the last, however that ends. */
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, expect } from 'vitest'
import { type RedisServer, type RedisServerOptions, startRedis } from '../support/redis-server.ts'
import { type Crowd, createCrowd } from './crowd.ts'
import { type NodeProcess, type NodeSetup, type RedisAddress, startNode } from './node.ts'

export interface World {
  readonly crowd: Crowd
  /** By place; a node that was killed stays until it is restarted. */
  readonly nodes: readonly NodeProcess[]
  node(place: number): NodeProcess
  /** Starts a node anew, on its port. */
  restart(place: number): Promise<void>
  /** Starts all anew that are not alive. */
  restartAll(): Promise<void>
  /** Users live while something happens; then all is true again, and nobody was told a lie. */
  survive(happens: () => Promise<unknown>): Promise<void>
  /** The same without life: all stay where they are. */
  endure(happens: () => Promise<unknown>): Promise<void>
}

export interface WorldOptions extends Partial<Omit<NodeSetup, 'redis' | 'port'>> {
  readonly nodes?: number
  /** People who exist. */
  readonly users: number
  /** People who are there from the first; left out: all. */
  readonly present?: number
  readonly seed?: number
}

/** A node that has not said how it is by then hangs. */
const ANSWER_MS = 2_000

const ends: (() => unknown)[] = []

/** To be called once in a file: ends all that its tests have opened. */
export function endWorlds(): void {
  afterAll(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })
}

/** Has something ended after the last test. */
export function afterwards(end: () => unknown): void {
  ends.push(end)
}

/** A Redis of the file's own. */
export async function openRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const redis = await startRedis(options)
  afterwards(() => redis.stop())
  return redis
}

/** @param redisOf - where the node at a place finds its Redis */
export async function openWorld(
  redisOf: (place: number) => RedisAddress,
  { nodes: count = 3, users, present = users, seed = 1, ...setup }: WorldOptions,
): Promise<World> {
  const nodes: NodeProcess[] = []
  afterwards(() => Promise.all(nodes.map((node) => node.kill())))
  for (let place = 0; place < count; place++) nodes.push(await startNode(redisOf(place), setup))
  const crowd = createCrowd(() => nodes, users, seed)
  afterwards(() => {
    crowd.end()
  })
  const hold = async (): Promise<void> => {
    crowd.calm()
    const wrong = await crowd.agree()
    expect(wrong, wrong.length === 0 ? undefined : await saidBy(nodes)).toEqual([])
    expect(crowd.takeLies()).toEqual([])
  }
  await crowd.come(present)
  await hold()
  const node = (place: number): NodeProcess => {
    const found = nodes[place]
    if (!found) throw new RangeError(`There is no node at place ${place}`)
    return found
  }
  const restart = async (place: number): Promise<void> => {
    nodes[place] = await startNode(redisOf(place), { ...setup, port: node(place).port })
  }
  return {
    crowd,
    nodes,
    node,
    restart,
    async restartAll() {
      const dead = nodes.flatMap(({ alive }, place) => (alive ? [] : [place]))
      await Promise.all(dead.map(restart))
    },
    async survive(happens) {
      const over = new AbortController()
      const life = crowd.live(over.signal)
      try {
        await happens()
      } finally {
        over.abort()
        await life
      }
      await hold()
    },
    async endure(happens) {
      await happens()
      await hold()
    },
  }
}

/** What nodes say of themselves, for whoever has to find out what went wrong. */
async function saidBy(nodes: readonly NodeProcess[]): Promise<string> {
  const said = nodes.map(async (node, place) => {
    if (!node.alive || node.frozen) return `node ${place} is not there`
    const asked = Promise.all([node.health(), node.faults()])
    const answer = await Promise.race([asked, wait(ANSWER_MS, null)])
    if (!answer) return `node ${place} does not answer`
    const [health, faults] = answer
    return `node ${place}: ${JSON.stringify(health)}, ${faults.length} faults, the last ${faults.at(-1) ?? 'none'}`
  })
  return (await Promise.all(said)).join('; ')
}
