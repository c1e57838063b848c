import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** A folder outside the repository where the packed package is installed, as an application would have it. */
export interface Installation {
  readonly folder: string
  /** Makes a project below the folder and gives back its path; it sees the packages installed there. */
  project(name: string, files: Readonly<Record<string, string>>): string
  remove(): void
}

/** Packs what `npm publish` would upload and installs it next to the optional peers; of their types only React's, which hooks cannot do without. */
export function installPackage(): Installation {
  buildIfStale()
  const folder = mkdtempSync(join(tmpdir(), 'presencekit-package-'))
  const packed = npm(['pack', '--silent', '--pack-destination', folder], root).trim().split('\n').at(-1)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  npm(
    [
      'install',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      `./${packed}`,
      'ws@8',
      'ioredis@5',
      'pg@8',
      'react@19',
      '@types/react@19',
    ],
    folder,
  )
  return {
    folder,
    project(name, files) {
      const path = join(folder, name)
      mkdirSync(path)
      for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text)
      return path
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Runs a program of ours with Node and gives back what it prints; throws with its output when it fails. */
export function node(args: readonly string[], cwd: string): string {
  return execute(process.execPath, args, cwd)
}

/** The path of a tool that is installed in the repository. */
export function tool(path: string): string {
  return join(root, 'node_modules', path)
}

function npm(args: readonly string[], cwd: string): string {
  return execute('npm', args, cwd)
}

function execute(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed\n${stdout}\n${stderr}`, { cause: error })
  }
}

/** The types are written last, so their age is the age of the build. */
function buildIfStale(): void {
  const built = statSync(join(root, 'dist/core/index.d.cts'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = ['package.json', 'tsconfig.json', 'tsup.config.ts', 'src', ...below('src')]
  if (sources.every((path) => statSync(join(root, path)).mtimeMs < built)) return
  node([tool('tsup/dist/cli-default.js'), '--silent'], root)
}

function below(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
    join(folder, path),
  )
}
