/** Takes the samples out of the README, and gives them what they need to be compiled and run. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import ts from 'typescript'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, '.cache', 'readme')

const SAMPLE = /<!-- sample: (?<name>\S+) -->\n```tsx?\n(?<code>.*?)```/gs

/** The samples by name, written to a folder of their own beside the application that they speak of. */
export function writeSamples(): ReadonlyMap<string, string> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(join(root, 'test/readme/your-app.ts'), join(folder, 'your-app.ts'))
  const samples = new Map<string, string>()
  for (const { groups } of readFileSync(join(root, 'README.md'), 'utf8').matchAll(SAMPLE)) {
    const file = join(folder, groups?.name ?? '')
    writeFileSync(file, groups?.code ?? '')
    samples.set(groups?.name ?? '', file)
  }
  return samples
}

/** What the compiler says of files, under this project's strict options. */
export function compile(files: readonly string[]): string[] {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path))
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
  const program = ts.createProgram({ rootNames: [...files], options })
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

/** Bundles code that stands beside the samples, with a port of its own in place of theirs. */
export async function bundle(name: string, code: string, port: number): Promise<string> {
  const outfile = join(folder, `${name}.mjs`)
  await build({
    stdin: { contents: code, resolveDir: folder, sourcefile: `${name}.tsx`, loader: 'tsx' },
    outfile,
    bundle: true,
    // The samples are programs: what they do as they run must not be shaken off as a library's would.
    ignoreAnnotations: true,
    platform: 'node',
    format: 'esm',
    jsx: 'automatic',
    external: ['ws', 'express', 'eventemitter3', 'isomorphic-ws', 'react', 'react-dom', 'ioredis'],
    alias: {
      'presencekit/client': join(root, 'src/client/index.ts'),
      'presencekit/redis': join(root, 'src/server/redis/index.ts'),
      'presencekit/react': join(root, 'src/client/react/index.ts'),
      'presencekit/server': join(root, 'src/server/index.ts'),
      presencekit: join(root, 'src/core/index.ts'),
    },
    plugins: [
      {
        name: 'port',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.cache.readme.[a-z]+\.tsx?$/ }, ({ path }) => ({
            contents: readFileSync(path, 'utf8')
              .replaceAll('3000', String(port))
              .replaceAll('new Redis()', `new Redis(${port})`),
            loader: 'tsx',
          }))
        },
      },
    ],
  })
  return outfile
}

/** A port that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => {
        resolve(port)
      })
    })
  })
}
