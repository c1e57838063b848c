// `node examples/cluster/start.mjs`: three servers behind one port, one Redis, and a killer. Installs and builds what it
// needs first. `--seconds 20` ends by itself, with exit code 0 only if nobody was ever shown falsely offline.

import { parseArgs } from 'node:util'
import { installPackages, need, reportSkipped, run } from '../../.ci/setup.mjs'

const { values } = parseArgs({ options: { seconds: { type: 'string' } } })
const seconds = Number(values.seconds ?? Number.POSITIVE_INFINITY)
if (!(seconds > 0)) fail('--seconds takes a number')

installPackages()
const redis = need('redis')
if (redis === undefined) {
  reportSkipped()
  fail('there is no Redis here')
}
if (!run('npm', ['run', '--silent', 'build', '--', '--silent'])) process.exit(1)

const { runCluster } = await import('./cluster.mjs')
process.exit((await runCluster(redis, seconds * 1_000)) ? 0 : 1)

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(`cluster: ${message}`)
  process.exit(1)
}
