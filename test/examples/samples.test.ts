/** The docs show nothing that is not compiled and run: each sample stands word for word in a file that is. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const text = ['docs/adapters.md', 'docs/privacy.md']
  .map((path) => readFileSync(join(root, path), 'utf8'))
  .join('\n')
const flat = (code: string): string => code.replace(/^ +/gm, '')
const samples = [...text.matchAll(/(?:<!-- from: (?<from>\S+) -->\n)?```ts\n(?<code>.*?)```/gs)]

test('every sample is taken from a file of this project', () => {
  const strange = samples.filter(({ groups }) => {
    const source = groups?.from === undefined ? '' : readFileSync(join(root, groups.from), 'utf8')
    return !flat(source).includes(flat(groups?.code ?? ''))
  })
  expect(samples.length).toBeGreaterThan(5)
  expect(strange.map(({ groups }) => groups?.code)).toEqual([])
})

test('the sample for the test runner of Node passes in it', async () => {
  const outfile = join(root, '.cache/examples/suite.mjs')
  await build({
    entryPoints: [join(root, 'examples/storage/suite.node.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    alias: { 'presencekit/testing': join(root, 'src/testing/index.ts') },
  })
  const { status, stdout } = spawnSync(process.execPath, ['--test', outfile], { encoding: 'utf8' })
  expect(stdout).toMatch(/^# fail 0$/m)
  expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(50)
  expect(status).toBe(0)
  // A process of its own, beside whatever else the machine does.
}, 60_000)
