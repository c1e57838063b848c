import { relative, resolve } from 'node:path'
import { defineConfig, type Options } from 'tsup'

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

const source = resolve('src')

/**
 * `dist` mirrors `src`: every source file becomes one `.js` and one `.cjs`, and an import from one of our
 * files to another stays an import. So each module, and with it `PresenceError`, exists once per format,
 * whichever entries an application mixes, and no entry can carry a second copy of another. Bundling the
 * entries instead would copy `core` into each of them: esbuild shares chunks for ESM only, and tsup's
 * substitute for CommonJS rewrites the output with slow helpers.
 *
 * A new entry point needs a line in `exports` of package.json and one in `types` below, nothing else.
 */
const keepOwnModulesApart: Plugin = {
  name: 'keep-own-modules-apart',
  setup(build) {
    const extension = build.initialOptions.format === 'cjs' ? '.cjs' : '.js'
    build.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, kind }) => {
      if (kind === 'entry-point') return undefined
      if (relative(source, resolve(resolveDir, path)).startsWith('..')) {
        return { errors: [{ text: `${path} lies outside src` }] }
      }
      if (!/\.tsx?$/.test(path)) return { errors: [{ text: `${path}: name the file with its extension` }] }
      return { path: path.replace(/\.tsx?$/, extension), external: true }
    })
  },
}

/** Types are bundled in one run over all entries, so that shared ones land in a common chunk. */
const types = {
  'core/index': 'src/core/index.ts',
  'client/index': 'src/client/index.ts',
  'client/react/index': 'src/client/react/index.ts',
  'server/index': 'src/server/index.ts',
  'server/redis/index': 'src/server/redis/index.ts',
  'server/postgres/index': 'src/server/postgres/index.ts',
  'testing/index': 'src/testing/index.ts',
}

export default defineConfig({
  entry: ['src/**/*.{ts,tsx}'],
  outDir: 'dist',
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  clean: true,
  splitting: false,
  sourcemap: true,
  removeNodeProtocol: false,
  external: [/^node:/, 'eventemitter3', 'isomorphic-ws', 'ws', 'react', 'react/jsx-runtime'],
  esbuildPlugins: [keepOwnModulesApart],
  dts: {
    entry: types,
    compilerOptions: { ignoreDeprecations: '6.0', paths: {} },
  },
})
