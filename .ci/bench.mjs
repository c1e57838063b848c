// `npm run bench`: packages, build, then the benches against `dist`, as an application would use it.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installPackages, root, run } from './setup.mjs'

const start = join(root, 'bench/start.mjs')
installPackages()
if (!existsSync(start)) {
  console.error('bench: bench/start.mjs is missing')
  process.exit(1)
}
if (!run('npm', ['run', '--silent', 'build'])) process.exit(1)
await import(pathToFileURL(start).href)
