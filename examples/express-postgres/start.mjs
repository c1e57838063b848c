// `node examples/express-postgres/start.mjs`: PostgreSQL, Redis and two nodes; Ctrl-C ends and removes them. Installs and
// builds what it needs first. PORT gives the first of two ports, TOKEN_SECONDS the life of a token.

import { installPackages, need, reportSkipped, run } from '../../.ci/setup.mjs'

installPackages()
const [postgres, redis] = [need('postgres'), need('redis')]
if (postgres === undefined || redis === undefined) {
  reportSkipped()
  console.error('example: it needs PostgreSQL and Redis')
  process.exit(1)
}
if (!run('npm', ['run', '--silent', 'build', '--', '--silent'])) process.exit(1)

const { runExample } = await import('./example.mjs')
await runExample({ postgres, redis })
process.exit()
