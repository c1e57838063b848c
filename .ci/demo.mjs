// `npm run demo`: packages, build, then the demo's own start.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installPackages, root, run } from './setup.mjs'

const start = join(root, 'examples/demo/start.mjs')
installPackages()
if (!existsSync(start)) {
  console.error('demo: examples/demo/start.mjs is missing')
  process.exit(1)
}
if (!run('npm', ['run', '--silent', 'build'])) process.exit(1)
await import(pathToFileURL(start).href)
