/** What the applications on the nodes are told: each transition once, by the node that made it. */
import { sameView, type Presence } from '../../../src/core/model.ts'
import { shows } from '../history.ts'
import { wireOf } from '../wire.ts'
import type { ClusterNode } from './node.ts'
import { behindMs } from './verdicts.ts'
import { breaks, type World } from './world.ts'

/** S11: N nodes racing make one transition. */
export function judgeNotice(world: World, node: ClusterNode, next: Presence, previous: Presence): void {
  const { userId } = next
  if (sameView(next, previous))
    breaks(world, 'S11', `the application on ${node.name} is told that ${userId} is what they were`)
  const written = node.written.get(userId) ?? []
  const place = written.findIndex((view) => shows(wireOf(next), view, behindMs(world)))
  if (place < 0)
    breaks(
      world,
      'S11',
      `the application on ${node.name} is told of ${JSON.stringify(wireOf(next))}, which it has not made, or a second time`,
    )
  written.splice(0, place + 1)
}
