import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = (path: string): string => fileURLToPath(new URL(`../src/${path}`, import.meta.url))

/** Processes that are killed or counted, and users who must not notice. */
const ALONE = [
  'test/faults/**/*.test.ts',
  'test/abuse/**/*.test.ts',
  'test/redis/faults.test.ts',
  'test/redis/idle-cost.test.ts',
]

export default defineConfig({
  root,
  resolve: {
    // Tests and README samples import the package by its public names and get the sources.
    alias: [
      { find: /^presencekit$/, replacement: source('core/index.ts') },
      { find: /^presencekit\/client$/, replacement: source('client/index.ts') },
      { find: /^presencekit\/react$/, replacement: source('client/react/index.ts') },
      { find: /^presencekit\/server$/, replacement: source('server/index.ts') },
      { find: /^presencekit\/redis$/, replacement: source('server/redis/index.ts') },
      { find: /^presencekit\/postgres$/, replacement: source('server/postgres/index.ts') },
      { find: /^presencekit\/testing$/, replacement: source('testing/index.ts') },
    ],
  },
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'sources',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/package/**', ...ALONE],
          // Half of them wait most of the time: for a Redis that fails over, for a page that loads.
          maxWorkers: 2,
        },
      },
      {
        // One file after the other, with the machine to itself.
        extends: true,
        test: {
          name: 'faults',
          include: ALONE,
          testTimeout: 240_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // Builds, packs and installs: it comes after the others, so that those that watch the clock have
        // the machine to themselves.
        extends: true,
        test: { name: 'package', include: ['test/package/**/*.test.ts'], sequence: { groupOrder: 1 } },
      },
    ],
    coverage: { include: ['src/**'], reportsDirectory: 'coverage' },
  },
})
