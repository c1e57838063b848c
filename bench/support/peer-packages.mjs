// The packages that presencekit is measured against. They are no dependencies of the project, but of bench/peers alone, and are
// installed when a bench wants one of them for the first time.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { need } from '../../.ci/setup.mjs'

const folder = fileURLToPath(new URL('../peers/', import.meta.url))
const require = createRequire(new URL('../peers/package.json', import.meta.url))

/** What each peer needs. @type {Readonly<Record<string, readonly string[]>>} */
const NEEDS = {
  'socket.io': ['socket.io'],
  'socket.io-redis': ['socket.io', '@socket.io/redis-adapter'],
  uwebsockets: ['uWebSockets.js'],
}

/** @param {string} name */
export function requirePeer(name) {
  /** @type {unknown} */
  const module = require(name)
  return module
}

/**
 * Why a peer cannot take part; `null`: it can.
 *
 * @param {string} peer
 */
export function absenceOf(peer) {
  if (peer === 'raw-c' && need('cc') === undefined) return 'no C compiler'
  const needs = NEEDS[peer]
  if (!needs) return null
  if (!existsSync(`${folder}node_modules`)) install()
  try {
    for (const name of needs) requirePeer(name)
    return null
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  }
}

function install() {
  console.log('bench: npm ci in bench/peers')
  spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' })
}
