import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = (path: string): string => fileURLToPath(new URL(`../src/${path}`, import.meta.url))

export default defineConfig({
  root,
  resolve: {
    // Tests and README samples import the package by its public names and get the sources.
    alias: [
      { find: /^presencekit$/, replacement: source('core/index.ts') },
      { find: /^presencekit\/client$/, replacement: source('client/index.ts') },
      { find: /^presencekit\/react$/, replacement: source('client/react/index.ts') },
      { find: /^presencekit\/server$/, replacement: source('server/index.ts') },
      { find: /^presencekit\/testing$/, replacement: source('testing/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: { include: ['src/**'], reportsDirectory: 'coverage' },
  },
})
