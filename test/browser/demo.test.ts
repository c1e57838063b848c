import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { players } from '../../examples/demo/people.ts'
import { type Demo, startDemo } from '../../examples/demo/server/demo.ts'
import { launch, missing } from './chromium.ts'
import { type DemoPage, openPage, panelOf } from './demo-page.ts'

const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url))
/** The page gets the sources as well, not what was built some time ago. */
const alias = [
  { find: /^presencekit$/, replacement: source('core/index.ts') },
  { find: /^presencekit\/client$/, replacement: source('client/index.ts') },
  { find: /^presencekit\/react$/, replacement: source('client/react/index.ts') },
]

/** So long that whatever is seen within a test was seen at once, and not because something ran out. */
const PATIENT = { timeoutMs: 60_000, graceMs: 30_000 }
/** So short that one can wait for it. */
const HASTY = { timeoutMs: 3_000, graceMs: 500 }
/** Two beats: an answer sent is an answer heard, but for the way. */
const ON_THE_WAY_MS = 500

const title = `the demo in Chromium${missing === null ? '' : ` (skipped: ${missing})`}`
describe.skipIf(missing !== null)(title, () => {
  let browser: Browser
  let patient: Demo
  let hasty: Demo
  /** One a player, as on two machines. What a browser has loaded once it keeps for the next test. */
  const machines = new Map<string, BrowserContext>()
  const pages: DemoPage[] = []

  beforeAll(async () => {
    browser = await launch()
    for (const { id } of players) machines.set(id, await browser.newContext())
    patient = await start(PATIENT)
    hasty = await start(HASTY)
  })
  afterAll(async () => {
    await Promise.all([browser.close(), patient.close(), hasty.close()])
  })
  afterEach(async () => {
    const opened = pages.splice(0)
    const complaints = opened.flatMap((page) => page.complaints)
    await Promise.all(opened.map(({ page }) => page.close()))
    await Promise.all([patient, hasty].map(forgetPlayers))
    expect(complaints).toEqual([])
  })

  const open = async (demo: Demo, player: string, path = `/?user=${player}`): Promise<DemoPage> => {
    const machine = machines.get(player)
    if (!machine) throw new Error(`${player} is no player`)
    const page = await openPage(machine, `${demo.url}${path}`, player)
    pages.push(page)
    return page
  }
  const openBoth = async (demo: Demo): Promise<readonly [ada: DemoPage, bob: DemoPage]> => {
    const [ada, bob] = await Promise.all([open(demo, 'ada'), open(demo, 'bob')])
    await Promise.all([ada.sees('bob', 'online'), bob.sees('ada', 'online')])
    return [ada, bob]
  }

  it('two pages see each other come', async () => {
    const ada = await open(patient, 'ada')
    await ada.sees('bob', 'offline')
    const bob = await open(patient, 'bob')
    await Promise.all([ada.sees('bob', 'online'), bob.sees('ada', 'online')])
    expect(await ada.logOf('bob')).toEqual(['Bob came online'])
  })

  it('a dozen lively contacts are around them, most of them here', async () => {
    const { page } = await open(patient, 'ada')
    const lively = page.locator('.contact:not([data-user="bob"])')
    await lively.nth(11).waitFor()
    expect(await lively.count()).toBe(12)
    await page.locator('.contact[data-status="online"]').nth(6).waitFor()
    await page
      .locator('.contact-status', { hasText: /^last seen \w+ at \d\d:\d\d$/ })
      .first()
      .waitFor()
  })

  it('away, busy with words, and back', async () => {
    const [ada, bob] = await openBoth(patient)
    await ada.press('Away')
    await bob.sees('ada', 'away')
    await ada.page.getByLabel('Busy with').fill('Watering the plants')
    await ada.press('Busy')
    await bob.sees('ada', 'busy')
    await bob.page.getByText('busy · Watering the plants', { exact: true }).waitFor()
    await ada.press('Online')
    await bob.sees('ada', 'online')
    expect(await bob.page.getByText('Watering the plants').filter({ visible: true }).allInnerTexts()).toEqual(
      ['Ada is busy · Watering the plants'],
    )
  })

  it('invisible looks like leaving', async () => {
    const [ada, bob] = await openBoth(patient)
    const before = Date.now()
    await ada.press('Invisible')
    await bob.sees('ada', 'offline')
    const { words, at, reason } = await bob.lastSeen()
    expect(words).toMatch(/^last seen today at \d\d:\d\d$/)
    expect(reason).toBe('leave')
    expect(at).toBeGreaterThanOrEqual(before)
    expect(await bob.logOf('ada')).toContain('Ada went offline · leave')
    await ada.sees('bob', 'online')
    await ada.press('Online')
    await bob.sees('ada', 'online')
  })

  it('a goodbye is seen at once, with last seen, and a return as well', async () => {
    const [ada, bob] = await openBoth(patient)
    const before = Date.now()
    await ada.press('Say goodbye')
    await bob.sees('ada', 'offline')
    const { words, at, reason } = await bob.lastSeen()
    expect(words).toMatch(/^last seen today at \d\d:\d\d$/)
    expect(reason).toBe('leave')
    expect(at).toBeGreaterThanOrEqual(before)
    expect(at).toBeLessThanOrEqual(Date.now())
    await ada.isConnection('closed')
    await ada.page.locator('.farewell').getByRole('button', { name: 'Come back' }).click()
    await bob.sees('ada', 'online')
    await ada.sees('bob', 'online')
  })

  it('a page that is loaded anew within the grace is not noticed', async () => {
    const [ada, bob] = await openBoth(patient)
    const seen = await bob.logOf('ada')
    const oldSessionEnds = new Promise<void>((resolve) => {
      patient.presence.on('session:close', ({ userId }) => {
        if (userId === 'ada') resolve()
      })
    })
    await ada.page.reload()
    await Promise.all([ada.sees('bob', 'online'), oldSessionEnds])
    await ada.press('Away')
    await bob.sees('ada', 'away')
    expect(await bob.logOf('ada')).toEqual(['Ada is away', ...seen])
  })

  it('a cable that is plugged in within the grace is not noticed', async () => {
    const [ada, bob] = await openBoth(patient)
    const seen = await bob.logOf('ada')
    await ada.press('Cut the cable')
    await ada.isConnection('reconnecting')
    await ada.press('Plug in')
    await ada.isConnection('connected')
    await ada.press('Away')
    await bob.sees('ada', 'away')
    expect(await bob.logOf('ada')).toEqual(['Ada is away', ...seen])
  })

  it('a cable that stays cut: offline after the grace, and back when it is plugged in', async () => {
    const [ada, bob] = await openBoth(hasty)
    const before = Date.now()
    await ada.press('Cut the cable')
    await bob.sees('ada', 'offline')
    expect(Date.now() - before).toBeGreaterThanOrEqual(HASTY.graceMs)
    expect((await bob.lastSeen()).reason).toBe('drop')
    await ada.press('Plug in')
    await bob.sees('ada', 'online')
    await ada.isConnection('connected')
  })

  it('heartbeats unanswered: times out, last seen is the last answered one, and comes back', async () => {
    const [ada, bob] = await openBoth(hasty)
    await ada.press('Stop answering heartbeats')
    await ada.page.getByText('connected, half dead').waitFor()
    await bob.sees('ada', 'offline')
    const seenAt = Date.now()
    const { at, reason, words } = await bob.lastSeen()
    expect(words).toMatch(/^last seen today at \d\d:\d\d$/)
    expect(reason).toBe('expire')
    expect(Math.abs(at - (await ada.lastSentAt()))).toBeLessThan(ON_THE_WAY_MS)
    expect(seenAt - at).toBeGreaterThanOrEqual(HASTY.timeoutMs)
    expect(await bob.logOf('ada')).toContain('Ada went offline · expire')
    await ada.press('Answer again')
    await bob.sees('ada', 'online')
    await ada.isConnection('connected')
  })

  it('chat runs beside it, on sockets of the application', async () => {
    const [ada, bob] = await openBoth(patient)
    await ada.page.getByLabel('Message to Bob Marsh').fill('Do you see this?')
    await ada.press('Send')
    await bob.page.getByRole('listitem').filter({ hasText: 'Do you see this?' }).waitFor()
  })

  it('both stand side by side on one page, each with a client of their own', async () => {
    const both = await open(patient, 'ada', '/')
    const bob = panelOf(both.page, 'bob')
    await Promise.all([both.sees('bob', 'online'), bob.sees('ada', 'online')])
    await bob.press('Away')
    await both.sees('bob', 'away')
    await both.press('Say goodbye')
    await bob.sees('ada', 'offline')
    await bob.isConnection('connected')
  })
})

function start(timing: typeof PATIENT): Promise<Demo> {
  return startDemo({ host: 'localhost', port: 0, seed: 7, alias, ...timing })
}

/** Nobody of the test before is left, not even in their grace, and nobody is invisible. */
async function forgetPlayers({ presence }: Demo): Promise<void> {
  for (const { id } of players) {
    await presence.disconnectUser(id)
    await presence.setStatus(id, 'auto', { text: null })
  }
}
