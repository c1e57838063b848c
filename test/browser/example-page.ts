import type { Browser, Page } from 'playwright-core'

/** One tab of somebody who is signed in to examples/express-postgres, in the words of whoever looks at it. */
export interface ExamplePage {
  readonly page: Page
  /** The id of whoever signed in first. */
  readonly user: string
  /** What a clean page never has: errors, warnings, uncaught exceptions. */
  readonly complaints: readonly string[]
  /** What came in on the presence connection, and what went out. */
  readonly frames: { readonly in: string[]; readonly out: string[] }
  /** Presence connections that were opened. */
  readonly opened: () => number
  press(button: string): Promise<void>
  chooses(label: string, option: string): Promise<void>
  /** Waits until a contact shows this status, and these words. */
  sees(user: string, status: string, words?: string | RegExp, withinMs?: number): Promise<void>
  /** All that the row of a contact has shown since it was asked to watch, the connection beside it. */
  watch(user: string): Promise<() => Promise<string[]>>
}

/** Opens a tab in a browser profile of its own, and signs in. */
export async function openExample(browser: Browser, url: string, name: string): Promise<ExamplePage> {
  const context = await browser.newContext({ locale: 'en-GB' })
  const page = await context.newPage()
  const complaints: string[] = []
  const frames = { in: [] as string[], out: [] as string[] }
  let opened = 0
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('websocket', (socket) => {
    opened++
    socket.on('framereceived', ({ payload }) => frames.in.push(String(payload)))
    socket.on('framesent', ({ payload }) => frames.out.push(String(payload)))
  })
  const press = (button: string): Promise<void> =>
    page.getByRole('button', { name: button, exact: true }).click()
  await page.goto(url)
  await press(name)
  await page.locator('#connection[data-state="connected"]').waitFor()
  return {
    page,
    user: name.toLowerCase(),
    complaints,
    frames,
    opened: () => opened,
    press,
    async chooses(label, option) {
      const saved = page.waitForResponse((response) => response.request().method() === 'PUT')
      await page.getByLabel(label).selectOption(option)
      await saved
    },
    sees: (user, status, words = /./, withinMs = 20_000) =>
      page
        .locator(`[data-user="${user}"][data-status="${status}"] .soft`, { hasText: words })
        .waitFor({ timeout: withinMs }),
    async watch(user) {
      const seen = await page.evaluateHandle((id) => {
        const row = document.querySelector<HTMLElement>(`[data-user="${id}"]`)
        const chip = document.querySelector<HTMLElement>('#connection')
        const show = (): string =>
          [
            row?.dataset.status,
            row?.dataset.stale,
            row?.querySelector('.soft')?.textContent,
            chip?.textContent,
          ].join(' ')
        const all = [show()]
        const note = (): void => {
          if (all.at(-1) !== show()) all.push(show())
        }
        for (const part of [row, chip]) {
          if (part)
            new MutationObserver(note).observe(part, {
              attributes: true,
              childList: true,
              characterData: true,
              subtree: true,
            })
        }
        return all
      }, user)
      return () => seen.jsonValue()
    },
  }
}
