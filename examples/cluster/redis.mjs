// A Redis of our own, on a free port; it keeps nothing.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'

/**
 * @param {string} program
 * @param {readonly string[]} more options, as on its command line
 */
export async function startRedis(program, more = []) {
  const port = await freePort()
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', tmpdir(), ...more]
  const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'inherit'] })
  // However this ends, it does not stay behind.
  process.once('exit', () => child.kill())
  for await (const line of createInterface(child.stdout)) if (line.includes('Ready to accept')) break
  if (child.exitCode !== null) throw new Error(`Redis ended with ${child.exitCode}`)
  child.stdout.resume()
  return { port, stop: () => void child.kill() }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}
