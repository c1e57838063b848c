import { type Browser, chromium } from 'playwright-core'

/** Found, or installed, by `npm test`. */
const executablePath = process.env.CHROMIUM_PATH

/** Why there is no Chromium; `null`: there is one. */
export const missing: string | null =
  executablePath === undefined ? 'no Chromium: `npm test` names the one it finds in CHROMIUM_PATH' : null

/** Without a sandbox, for containers where all is done as root; and without what talks to the outside. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
]

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: executablePath ?? '', args: FLAGS })
}
