import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

/** @typedef {typeof import('./server/demo.ts')} DemoModule */

/**
 * Loads the demo's server. Node 20 runs no TypeScript by itself; Vite, which builds the page anyway, does.
 *
 * @returns {Promise<DemoModule>}
 */
export async function loadDemo() {
  const entry = fileURLToPath(new URL('server/demo.ts', import.meta.url))
  /** @type {{ readonly module: DemoModule }} */
  const { module } = await runnerImport(entry, { configFile: false, logLevel: 'warn' })
  return module
}
