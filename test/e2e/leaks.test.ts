/** No leak: in a process of its own, which no test runner disturbs. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const RUN = fileURLToPath(new URL('./leaks/run.mjs', import.meta.url))
const MEGABYTE = 2 ** 20

/** Runs one file to its end; what it printed, and how it ended. */
function run(file: string): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [RUN, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (text: Buffer) => (output += text.toString()))
    child.on('close', (status) => {
      resolve({ status, output })
    })
  })
}

test('after 10,000 connections and every kind of end the heap is within 2 MB and the handles are where they were', {
  timeout: 180_000,
}, async () => {
  const { status, output } = await run('rounds.ts')
  expect(status).toBe(0)
  const { before, after, errors } = JSON.parse(output) as Record<
    'before' | 'after',
    { heap: number; resources: string }
  > & {
    errors: string[]
  }
  expect(errors).toEqual([])
  expect(after.resources).toBe(before.resources)
  expect((after.heap - before.heap) / MEGABYTE).toBeLessThan(2)
})

test('close() leaves nothing: the handles are back, and the process ends by itself', {
  timeout: 60_000,
}, async () => {
  const { status, output } = await run('closed.ts')
  expect(status).toBe(0)
  const { before, after, codes } = JSON.parse(output) as {
    before: string[]
    after: string[]
    codes: number[]
  }
  expect(codes).toEqual([1012, 1012, 1012])
  expect(after).toEqual(before)
})
