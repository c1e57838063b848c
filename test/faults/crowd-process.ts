/** Thousands of plain clients in a process of their own. Told who they are by its environment, and what to do by its parent. */
import { createPlainClient, type Tally } from './plain-client.ts'
import type { CrowdOrder, CrowdSetup } from './storm.ts'

const { ports, first, count } = JSON.parse(process.env.CROWD_SETUP ?? '{}') as CrowdSetup

const tally: Tally = { settled: 0, offline: 0, closes: {} }
const clients = Array.from({ length: count }, (_, index) => {
  // In pairs, of which both are in this process.
  const neighbour = first + (index ^ 1)
  let attempt = index
  const url = (): string => `ws://127.0.0.1:${ports[attempt++ % ports.length] ?? 0}`
  return createPlainClient(`user${first + index}`, `user${neighbour}`, url, tally)
})

process.on('message', (order: CrowdOrder) => {
  if (order === 'come') for (const { connect } of clients) connect()
  if (order === 'cut') for (const { cut } of clients) cut()
  process.send?.(tally)
})
process.on('disconnect', () => process.exit(0))
process.send?.(tally)
