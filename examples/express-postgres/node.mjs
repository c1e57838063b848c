// One node as a process. Its settings come from the environment, as they would in production; PGHOST and its like are
// read by `pg` itself.

import { loadNode } from './load.mjs'

const { REDIS = '', SECRET = '', PAGE = '', PORT, TOKEN_SECONDS } = process.env
// Ctrl-C in a terminal reaches all processes at once. start.mjs says when this one ends.
process.on('SIGINT', () => undefined)

const { startNode } = await loadNode()
const node = await startNode({
  database: {},
  redis: REDIS,
  secret: SECRET,
  tokenLifeMs: Number(TOKEN_SECONDS ?? 300) * 1_000,
  page: PAGE,
  port: Number(PORT ?? 0),
})
process.send?.(node.url)
process.on('disconnect', () => void node.close().then(() => process.exit()))
