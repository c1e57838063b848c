// `npm run bench` runs every bench beside this file, one after the other; `npm run bench -- redis` those whose names hold
// one of the words. Each prints Markdown, in the form in which the docs show it.

import { readdirSync } from 'node:fs'
import os from 'node:os'

const words = process.argv.slice(2)
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.mjs') && file !== 'start.mjs')
  .map((file) => file.slice(0, -'.mjs'.length))
const chosen = names.filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
if (chosen.length === 0) {
  console.error(`bench: none of ${names.join(', ')} is called ${words.join(' or ')}`)
  process.exit(1)
}

console.log(`${os.type()} ${os.release()}, ${os.cpus().length} cores, Node ${process.version.slice(1)}`)
for (const name of chosen) {
  console.log(`\n# ${name}`)
  /** @type {unknown} */
  const bench = await import(`./${name}.mjs`)
  const { run } = /** @type {{ readonly run: () => Promise<void> }} */ (bench)
  await run()
}
process.exit(0)
