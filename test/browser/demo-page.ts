import type { BrowserContext, Locator, Page } from 'playwright-core'

/** One user's page, or a panel of a page for two, in the words of whoever looks at it. */
export interface DemoPage {
  readonly page: Page
  /** What a clean page never has: errors, warnings, uncaught exceptions. */
  readonly complaints: readonly string[]
  /** When the last frame left on the presence connection, epoch milliseconds. */
  readonly lastSentAt: () => Promise<number>
  press(button: string): Promise<void>
  /** Waits until a contact shows this status. */
  sees(user: string, status: string): Promise<void>
  /** Waits until the own connection is in this state. */
  isConnection(state: string): Promise<void>
  /** What the chat with the contact on top says of them. */
  lastSeen(): Promise<{ readonly words: string; readonly at: number; readonly reason: string | null }>
  /** What the log tells of a contact, the newest first. */
  logOf(user: string): Promise<string[]>
}

const NOTE_FRAMES = `
  globalThis.lastSentAt = 0
  const { send } = WebSocket.prototype
  WebSocket.prototype.send = function (data) {
    if (new URL(this.url).pathname === '/presence') globalThis.lastSentAt = Date.now()
    return send.call(this, data)
  }
`

/** Opens a page of a player. */
export async function openPage(context: BrowserContext, url: string, player: string): Promise<DemoPage> {
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  // In the page itself: word of it takes half a second to get here from a busy browser.
  await page.addInitScript(NOTE_FRAMES)
  await page.goto(url)
  return {
    page,
    complaints,
    lastSentAt: async () => Number(await page.evaluate('lastSentAt')),
    ...panelOf(page, player),
  }
}

/** The panel of a player on a page. */
export function panelOf(
  page: Page,
  player: string,
): Omit<DemoPage, 'page' | 'complaints' | 'lastSentAt'> & { readonly panel: Locator } {
  const panel = page.locator(`[data-player="${player}"]`)
  return {
    panel,
    press: (name) => panel.getByRole('button', { name, exact: true }).click(),
    sees: (user, status) => panel.locator(`.contact[data-user="${user}"][data-status="${status}"]`).waitFor(),
    isConnection: (state) => panel.locator(`[data-connection="${state}"]`).waitFor(),
    async lastSeen() {
      const words = panel.locator('.other p[data-last-seen]')
      return {
        words: await words.innerText(),
        at: Number(await words.getAttribute('data-last-seen')),
        reason: await words.getAttribute('data-reason'),
      }
    },
    logOf: (user) => panel.locator(`.log [data-user="${user}"] > span:last-child`).allInnerTexts(),
  }
}
