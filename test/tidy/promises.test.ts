/** docs/promises.md says of each promise where it is proven. This holds it to that. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/promises.md'), 'utf8')
const rows = [...page.matchAll(/^\| (?<id>[SLC]\d+) \| .* \| (?<where>`.*`) \|$/gm)].map(({ groups }) => ({
  id: groups?.id ?? '',
  places: [...(groups?.where ?? '').matchAll(/`([^`]+)`/g)].map(([, path]) => path ?? ''),
}))

/** The text of a file, or of all test files in a folder. */
function textOf(path: string): string {
  const whole = join(root, path)
  if (!statSync(whole).isDirectory()) return readFileSync(whole, 'utf8')
  return readdirSync(whole)
    .filter((name) => /\.test\.tsx?$/.test(name))
    .map((name) => readFileSync(join(whole, name), 'utf8'))
    .join('\n')
}

describe('docs/promises.md', () => {
  it('tells of promises', () => {
    expect(rows.length).toBeGreaterThan(15)
  })

  it.each(rows.flatMap(({ id, places }) => places.map((place) => ({ id, place }))))(
    '$id is proven in $place',
    ({ id, place }) => {
      expect(existsSync(join(root, place))).toBe(true)
      // A test that bears the id in its name, alone or beside others.
      expect(textOf(place)).toMatch(new RegExp(String.raw`['"\`](?:[SLCM]\d+, )*${id}(?:, [SLCM]\d+)*[:,' ]`))
    },
  )
})
