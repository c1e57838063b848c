/** The page: built by Vite at the start, kept in memory, and served by a plain HTTP server. */
import type { RequestListener } from 'node:http'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { type AliasOptions, build, type Plugin, type Rolldown } from 'vite'
import type { DemoTiming } from '../timing.ts'

/** How the page is built. */
export interface PageOptions {
  /** Other places for the package's entries than its own `exports`. */
  readonly alias?: AliasOptions
}

const TYPES = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
])

/** Builds the page, and gives what answers requests with it. */
export async function buildPage(timing: DemoTiming, { alias = {} }: PageOptions): Promise<RequestListener> {
  const result = await build({
    root: fileURLToPath(new URL('../page', import.meta.url)),
    configFile: false,
    logLevel: 'warn',
    plugins: [react(), tellTiming(timing)],
    resolve: { alias },
    build: { write: false },
  })
  const { output } = result as Rolldown.RolldownOutput
  const files = new Map(
    output.map((file) => [`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source]),
  )
  return ({ url = '/' }, response) => {
    const [address = '/'] = url.split('?', 1)
    const path = address === '/' ? '/index.html' : address
    const file = files.get(path)
    if (file === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': TYPES.get(path.split('.').at(-1) ?? '') }).end(file)
  }
}

/** The page shows the durations that one has to wait for. */
function tellTiming(timing: DemoTiming): Plugin {
  return {
    name: 'demo-timing',
    transformIndexHtml: () => [
      { tag: 'meta', attrs: { name: 'demo-timing', content: JSON.stringify(timing) }, injectTo: 'head' },
    ],
  }
}
