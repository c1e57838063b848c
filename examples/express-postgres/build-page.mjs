import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/**
 * Writes the page into a folder, from which every node serves it.
 *
 * @param {string} folder
 * @param {import('vite').AliasOptions} [alias] other places for the package's entries than its own `exports`
 */
export async function buildPage(folder, alias = {}) {
  await build({
    root: fileURLToPath(new URL('page', import.meta.url)),
    configFile: false,
    logLevel: 'warn',
    resolve: { alias },
    build: { outDir: folder, emptyOutDir: true },
  })
}
