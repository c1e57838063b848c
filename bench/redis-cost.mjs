// What presence costs Redis and its nodes, beside presence as it is written by hand, on the same Redis in the same run.
// docs/scaling.md shows what this prints.

import { measureCluster } from './redis-cost/cluster.mjs'
import { measureComparison, measureIdle } from './redis-cost/idle.mjs'
import { measureMemory } from './redis-cost/memory.mjs'
import { printConstants, printIdle, printTransitions } from './redis-cost/report.mjs'
import { measureSockets } from './redis-cost/sockets.mjs'
import { measureTransitions } from './redis-cost/transitions.mjs'
import { openRedis } from './support/redis.mjs'

export async function run() {
  const memory = await measureMemory()
  const sockets = await measureSockets()
  const cluster = await measureCluster()
  const redis = await openRedis()
  const idle = await measureIdle(redis)
  const comparison = await measureComparison(redis, idle)
  const transitions = await measureTransitions(redis)

  console.log(`Redis ${await redis.version()}, nothing kept on disk; all on this machine`)
  printTransitions(transitions)
  printIdle(idle)
  printConstants({ memory, sockets, cluster, comparison })
  redis.stop()
}
