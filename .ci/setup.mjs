// Everything that has to be there before a script of ours can run: the npm packages, and tools of the
// system. Needs nothing but Node, so that it also runs in a fresh clone.

import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const inCi = process.env.CI === 'true' || process.env.CI === '1'

/**
 * What a system tool is called on PATH, and in Debian's archive.
 * @type {Record<'chromium' | 'redis' | 'postgres' | 'cc', { names: string[], debian: string, folders?: () => string[] }>}
 */
const tools = {
  chromium: {
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    debian: 'chromium',
  },
  redis: { names: ['redis-server', 'valkey-server'], debian: 'redis-server' },
  // Debian keeps each version's programs in a folder of its own, off PATH.
  postgres: { names: ['postgres'], debian: 'postgresql', folders: postgresFolders },
  // Builds what steps the clock of a Redis under test.
  cc: { names: ['cc'], debian: 'gcc libc6-dev' },
}

/** @typedef {keyof typeof tools} Tool */

/** @type {{ tool: string, reason: string }[]} */
export const skipped = []

/**
 * Runs a command in the root of the repository, its output to ours.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {boolean} whether it ended well
 */
export function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  return status === 0
}

/** Installs the npm packages when there are none, or the lockfile is newer than what is installed. */
export function installPackages() {
  const installed = join(root, 'node_modules/.package-lock.json')
  const lockfile = join(root, 'package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lockfile).mtimeMs) return
  console.log('setup: npm ci')
  if (!run('npm', ['ci', '--no-audit', '--no-fund'])) {
    console.error('setup: npm ci failed')
    process.exit(1)
  }
}

/**
 * Finds a tool of the system, and installs it on Debian as root. Without it the tests that need it are
 * skipped by name; with CI=true that counts as a failure.
 * @param {Tool} tool
 * @returns {string | undefined} its path
 */
export function need(tool) {
  const { names, debian, folders } = tools[tool]
  const found = onPath(names, folders?.())
  if (found !== undefined) return found
  const reason = installFromDebian(debian)
  const installed = onPath(names, folders?.())
  if (installed !== undefined) return installed
  skipped.push({
    tool,
    reason: reason ?? `${debian} is installed, but none of ${names.join(', ')} is on PATH`,
  })
  return undefined
}

/** Says what is missing and why. */
export function reportSkipped() {
  for (const { tool, reason } of skipped) console.log(`skipped: whatever needs ${tool} (${reason})`)
}

function postgresFolders() {
  const versions = '/usr/lib/postgresql'
  if (!existsSync(versions)) return []
  const newestFirst = readdirSync(versions).sort((a, b) => Number(b) - Number(a))
  return newestFirst.map((version) => join(versions, version, 'bin'))
}

/**
 * @param {readonly string[]} names
 * @param {readonly string[]} besides folders that are not on PATH
 */
function onPath(names, besides = []) {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...besides]) {
    for (const name of names) {
      const path = join(folder, name)
      try {
        accessSync(path, constants.X_OK)
        return path
      } catch {
        // Not here; the next folder may have it.
      }
    }
  }
  return undefined
}

/**
 * @param {string} name of one package, or of several
 * @returns {string | undefined} why it could not be installed
 */
function installFromDebian(name) {
  if (!existsSync('/etc/debian_version') || onPath(['apt-get']) === undefined) {
    return `not on PATH, and this is no Debian; install ${name} yourself`
  }
  if (process.getuid?.() !== 0) return `not on PATH; install it with: sudo apt-get install ${name}`
  console.log(`setup: apt-get install ${name}`)
  const patience = ['-o', 'DPkg::Lock::Timeout=300', '-qq']
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  if (!run('apt-get', [...patience, 'update'], env)) return 'apt-get update failed'
  if (!run('apt-get', [...patience, 'install', '-y', '--no-install-recommends', ...name.split(' ')], env)) {
    return `apt-get install ${name} failed`
  }
  return undefined
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installPackages()
  for (const tool of process.argv.slice(2)) {
    if (!Object.hasOwn(tools, tool))
      throw new Error(`no such tool: ${tool}; known: ${Object.keys(tools).join(', ')}`)
    need(/** @type {Tool} */ (tool))
  }
  reportSkipped()
  if (inCi && skipped.length > 0) process.exitCode = 1
}
