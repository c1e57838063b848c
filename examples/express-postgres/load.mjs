// Node 20 runs no TypeScript by itself; Vite, which builds the page anyway, does.

import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

/** @returns {Promise<typeof import('./server/node.ts')>} */
export function loadNode() {
  return load('server/node.ts')
}

/** @returns {Promise<typeof import('./server/schema.ts')>} */
export function loadSchema() {
  return load('server/schema.ts')
}

/**
 * @template Module
 * @param {string} path
 * @returns {Promise<Module>}
 */
async function load(path) {
  const entry = fileURLToPath(new URL(path, import.meta.url))
  /** @type {{ readonly module: Module }} */
  const { module } = await runnerImport(entry, { configFile: false, logLevel: 'warn' })
  return module
}
