import ts from 'typescript'
import { type Import, importsOf, isCode, type Source, visit } from './sources.ts'

/** A rule looks at all files and names what breaks it; `broken` is a file that it has to object to. */
export interface Rule {
  readonly name: string
  readonly broken: Source | readonly Source[]
  find(files: readonly Source[]): string[]
}

/** Which files a layer owns, and what they may know. */
interface Layer {
  readonly name: string
  readonly owns: (path: string) => boolean
  readonly mayImport: (found: Import) => boolean
  readonly broken: Source
}

const adapterFolder = /^src\/server\/(?:storage|contacts|privacy|redis|postgres)\//
/** Adapters, and whose contracts they fulfil. */
const contractsOf: readonly (readonly [string, string])[] = [
  ['src/server/redis/', 'src/server/storage/'],
  ['src/server/postgres/', 'src/server/contacts/'],
  ['src/server/postgres/', 'src/server/privacy/'],
]
const inCore = (path: string): boolean => path.startsWith('src/core/')
const inReact = (path: string): boolean => path.startsWith('src/client/react/')
const inClient = (path: string): boolean => path.startsWith('src/client/') && !inReact(path)
const inServer = (path: string): boolean => path.startsWith('src/server/')
const inAdapter = (path: string): boolean => adapterFolder.test(path)

const layers: readonly Layer[] = [
  {
    name: 'core imports nothing outside src/core',
    owns: inCore,
    mayImport: ({ to, relative }) => relative && inCore(to),
    broken: { path: 'src/core/a.ts', text: "import { readFileSync } from 'node:fs'" },
  },
  {
    name: 'client imports core, itself, eventemitter3, and isomorphic-ws in open-socket.ts alone',
    owns: inClient,
    mayImport: ({ from, to, relative }) => {
      if (relative) return inCore(to) || inClient(to)
      return to === 'eventemitter3' || (to === 'isomorphic-ws' && from === 'src/client/open-socket.ts')
    },
    broken: { path: 'src/client/a.ts', text: "import WebSocket from 'isomorphic-ws'" },
  },
  {
    name: 'react imports core, client, itself and React',
    owns: inReact,
    mayImport: ({ to, relative }) =>
      relative ? inCore(to) || inClient(to) || inReact(to) : to === 'react' || to === 'react/jsx-runtime',
    broken: { path: 'src/client/react/a.tsx', text: "import { Session } from '../../server/session.ts'" },
  },
  {
    name: 'server imports core, itself, node:*, eventemitter3, and ws only where upgrades are taken',
    owns: (path) => inServer(path) && !inAdapter(path),
    mayImport: ({ from, to, relative, typeOnly }) => {
      if (relative) return inCore(to) || inServer(to)
      const mayImportWs = typeOnly || from === 'src/server/attach/upgrade.ts'
      return to.startsWith('node:') || to === 'eventemitter3' || (to === 'ws' && mayImportWs)
    },
    broken: { path: 'src/server/a.ts', text: "import { WebSocketServer } from 'ws'" },
  },
  {
    name: 'adapters import core, their contract and their own folder',
    owns: inAdapter,
    mayImport: ({ from, to, relative }) => {
      const isContract = contractsOf.some(
        ([adapter, contract]) => from.startsWith(adapter) && to.startsWith(contract),
      )
      if (!relative)
        return to === 'node:crypto' || (to === 'lru-cache' && from.startsWith('src/server/contacts/'))
      return inCore(to) || to.startsWith(folderOf(from)) || isContract
    },
    broken: { path: 'src/server/storage/a.ts', text: "import type { User } from '../entities.ts'" },
  },
  {
    name: 'testing imports our own sources alone, no test runner',
    owns: (path) => path.startsWith('src/testing/'),
    mayImport: ({ to, relative }) => relative && to.startsWith('src/'),
    broken: { path: 'src/testing/a.ts', text: "import { test } from 'vitest'" },
  },
]

/** The only files that may touch the clock, timers and chance of the platform; all others are handed them. */
const mayTouchThePlatform = new Set(['src/core/clock.ts', 'src/client/client.ts', 'src/server/server.ts'])
const ambient: ReadonlyMap<string, readonly string[]> = new Map([
  ['Date', ['now']],
  ['performance', ['now']],
  ['Math', ['random']],
])
const timers = new Set(['setTimeout', 'setInterval', 'setImmediate'])

export const rules: readonly Rule[] = [
  ...layers.map(layerRule),
  {
    name: 'src imports itself without cycles',
    broken: [
      { path: 'src/core/a.ts', text: "import './b.ts'" },
      { path: 'src/core/b.ts', text: "import './a.ts'" },
    ],
    find: findCycles,
  },
  {
    name: 'time, timers and chance come from outside, save in the clock and the two façades',
    broken: { path: 'src/core/a.ts', text: 'export const now = () => Date.now()' },
    find: (files) =>
      files
        .filter(({ path }) => /^src\/(?:core|client|server)\//.test(path) && !mayTouchThePlatform.has(path))
        .flatMap(findAmbient),
  },
  {
    name: 'no test is switched off or runs alone',
    broken: { path: 'test/a.test.ts', text: ['it', 'only("x", () => {})'].join('.') },
    find: (files) =>
      findText(
        files.filter(({ path }) => path.startsWith('test/')),
        /\b(?:it|test|describe|suite|bench)(?:\.\w+)*\.(?:only|skip|todo)\b/g,
      ),
  },
  {
    name: 'nothing is left to do in the text',
    broken: { path: 'src/core/a.ts', text: ['// TO', 'DO'].join('') },
    find: (files) => findText(files, new RegExp(`\\b(?:${['TO', 'FIX'].join('DO|')}ME|X{3})\\b`, 'g')),
  },
  {
    name: 'no path of somebody’s machine',
    broken: { path: 'docs/a.md', text: ['', 'home', 'somebody', 'presencekit'].join('/') },
    find: (files) =>
      findText(files, /(?<![\w.:/@*-])\/(?:home|root|work|Users|tmp|mnt|opt)\/[\w.]|\b[A-Z]:\\\w/g),
  },
  {
    name: 'no address of a package registry, nor one in the lockfile',
    broken: { path: 'package-lock.json', text: '{ "resolved": "https://example.com/a.tgz" }' },
    find: (files) => [
      ...findText(files, /https?:\/\/[^\s"'`)]*(?:registry|npmjs\.org|artifactory|nexus|verdaccio)/g),
      ...findText(
        files.filter(({ path }) => path === 'package-lock.json'),
        /"resolved": "https?:/g,
      ),
    ],
  },
]

function layerRule({ name, owns, mayImport, broken }: Layer): Rule {
  return {
    name,
    broken,
    find: (files) =>
      files
        .filter(({ path }) => isCode(path) && owns(path))
        .flatMap(importsOf)
        .filter((found) => !mayImport(found))
        .map(({ from, to, typeOnly }) => `${from} imports ${typeOnly ? 'types of ' : ''}${to}`),
  }
}

function findCycles(files: readonly Source[]): string[] {
  const graph = new Map<string, string[]>()
  for (const file of files) {
    if (!file.path.startsWith('src/') || !isCode(file.path)) continue
    const targets = importsOf(file).filter(({ relative }) => relative)
    graph.set(
      file.path,
      targets.map(({ to }) => to),
    )
  }
  const done = new Set<string>()
  const found: string[] = []
  const follow = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) found.push([...trail.slice(start), path].join(' → '))
    if (start >= 0 || done.has(path)) return
    for (const next of graph.get(path) ?? []) follow(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) follow(path, [])
  return found
}

function findAmbient(file: Source): string[] {
  const found: string[] = []
  visit(file, (node) => {
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const isAmbient = ambient.get(node.expression.text)?.includes(node.name.text) === true
      const isGlobalTimer = node.expression.text === 'globalThis' && timers.has(node.name.text)
      if (isAmbient || isGlobalTimer) found.push(`${file.path} uses ${node.getText()}`)
    }
    if (ts.isIdentifier(node) && timers.has(node.text) && isUse(node))
      found.push(`${file.path} uses ${node.text}`)
    const isNow = ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length
    if (isNow) found.push(`${file.path} uses new Date()`)
  })
  return found
}

/** Whether the name stands for the global: not a member's name, a key, or a mention in a type. */
function isUse(name: ts.Identifier): boolean {
  const { parent } = name
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === name
  if (ts.isPropertyAssignment(parent)) return parent.initializer === name
  return !(
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isTypeQueryNode(parent)
  )
}

function findText(files: readonly Source[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) => [...text.matchAll(pattern)].map(([hit]) => `${path}: ${hit}`))
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}
