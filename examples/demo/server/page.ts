/** The page, by Vite in middleware mode: an edit in `page/` shows at once. */
import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { type AliasOptions, createServer, type Plugin } from 'vite'
import type { DemoTiming } from '../timing.ts'

/** How the page is served. */
export interface PageOptions {
  /** Other places for the package's entries than its own `exports`. */
  readonly alias?: AliasOptions
  /** Where Vite keeps the libraries that it has made ready; not shared with one that has other aliases. */
  readonly cache?: string
}

/** Answers the requests of an HTTP server with the page. */
export async function servePage(
  httpServer: Server,
  timing: DemoTiming,
  { alias = {}, cache = 'demo' }: PageOptions,
): Promise<{ close(): Promise<void> }> {
  const repository = fileURLToPath(new URL('../../..', import.meta.url))
  const vite = await createServer({
    root: fileURLToPath(new URL('../page', import.meta.url)),
    configFile: false,
    cacheDir: fileURLToPath(new URL(`../../../node_modules/.vite/${cache}`, import.meta.url)),
    logLevel: 'warn',
    plugins: [react(), tellTiming(timing)],
    resolve: { alias },
    // Named here, so that Vite does not find them one by one and load the page anew each time.
    optimizeDeps: {
      include: [
        'react',
        'react/jsx-runtime',
        'react/jsx-dev-runtime',
        'react-dom/client',
        'eventemitter3',
        'isomorphic-ws',
      ],
    },
    server: {
      middlewareMode: true,
      hmr: { server: httpServer },
      fs: { allow: [repository] },
    },
  })
  httpServer.on('request', vite.middlewares)
  return vite
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
