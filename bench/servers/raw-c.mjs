// The limit of one write a notification, without Node: a program in C, compiled here, beside this process and on its core.

import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('raw-c.c', import.meta.url))
const folder = fileURLToPath(new URL('../../.cache/bench/', import.meta.url))

/** @param {import('./serve.mjs').PeerSettings} settings */
export async function start({ users }) {
  mkdirSync(folder, { recursive: true })
  const program = `${folder}raw-c`
  const { status } = spawnSync('cc', ['-O2', '-o', program, source], { stdio: 'inherit' })
  if (status !== 0) throw new Error('cc failed')
  const child = spawn(program, [String(users)], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => child.kill())
  let port = 0
  for await (const line of createInterface(child.stdout)) {
    port = Number(line)
    break
  }
  return {
    port,
    /** The first field is its time on a core, in ns. */
    cpu: () => Number(readFileSync(`/proc/${child.pid}/schedstat`, 'utf8').split(' ')[0]) / 1_000,
  }
}
