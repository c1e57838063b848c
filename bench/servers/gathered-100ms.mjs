// The same control with a window of 100 ms: what holding updates back would give, and what it costs in latency.

import { createGatherer } from './gathered.mjs'
import { startOnWs } from './on-ws.mjs'

const WINDOW_MS = 100

/** @param {import('./serve.mjs').PeerSettings} settings */
export function start(settings) {
  return startOnWs(
    settings,
    createGatherer((flush) => setTimeout(flush, WINDOW_MS)),
  )
}
