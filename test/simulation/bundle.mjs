// Bundles TypeScript in memory, with exact replacements in source files where asked for, and runs the result.
// Nothing is written to disk, so a bug that is put in on purpose is in nobody's way.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { build } from 'esbuild'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** @typedef {{ readonly file: string, readonly find: string, readonly replace: string }} Place */
/** @typedef {Place & { readonly also?: Place }} Replacement a second place is in another file */

/**
 * @param {string} entry path from the root of the repository
 * @param {...(Replacement | undefined)} replacements
 * @returns {Promise<unknown>} what the entry exports
 */
export async function load(entry, ...replacements) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    external: ['*/bundle.mjs'],
    plugins: replacements
      .flatMap((place) => [place, place?.also])
      .flatMap((place) => (place ? [replacing(place)] : [])),
  })
  const filename = join(root, entry)
  const code = outputFiles[0]?.text ?? ''
  const module = { exports: {} }
  const script = new Script(`(function (module, exports, require, __filename, __dirname) {${code}\n})`, {
    filename,
  })
  /** @type {unknown} */
  const compiled = script.runInThisContext()
  const run = /** @type {(...details: unknown[]) => void} */ (compiled)
  run(module, module.exports, createRequire(filename), filename, dirname(filename))
  return module.exports
}

/**
 * @param {Place} place
 * @returns {import('esbuild').Plugin}
 */
function replacing({ file, find, replace }) {
  const path = join(root, file)
  return {
    name: 'replacing',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async (args) => {
        if (args.path !== path) return undefined
        const text = await readFile(path, 'utf8')
        if (text.split(find).length !== 2) throw new Error(`${file} must hold exactly once: ${find}`)
        return { contents: text.replace(find, () => replace), loader: 'ts' }
      })
    },
  }
}
