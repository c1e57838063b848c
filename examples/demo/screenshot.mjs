// Takes the pictures of the README, docs/demo.png and docs/demo-dark.png, of the demo at work:
// `npm run build && CHROMIUM_PATH=… node examples/demo/screenshot.mjs`. Needs Chromium and pngquant; looks best with
// the typeface Inter installed (Debian: chromium, pngquant, fonts-inter).

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { loadDemo } from './load.mjs'

/** @typedef {import('playwright-core').Page} Page */

const SIZE = { width: 1280, height: 800 }
/** Crisp on fine screens; 256 colours keep it well below 300 kB all the same. */
const SCALE = 2
const HOUR_SHOWN = 14

const { startDemo } = await loadDemo()
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
})
await picture('light', 'docs/demo.png')
await picture('dark', 'docs/demo-dark.png')
await browser.close()
process.exit(0)

/**
 * @param {'light' | 'dark'} colorScheme
 * @param {string} file
 */
async function picture(colorScheme, file) {
  const demo = await startDemo({ host: 'localhost', port: 0, seed: 7, timeoutMs: 15_000, graceMs: 3_000 })
  const context = await browser.newContext({
    viewport: SIZE,
    deviceScaleFactor: SCALE,
    colorScheme,
    timezoneId: zoneWhereItIs(HOUR_SHOWN),
  })
  const page = await context.newPage()
  await page.goto(demo.url)
  await play(page)
  await page.waitForFunction(isLively)
  // The dots have arrived, and nothing moves any more.
  await page.waitForFunction(() =>
    document.getAnimations().every(({ playState }) => playState === 'finished'),
  )
  writeFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), small(await page.screenshot()))
  console.log(`screenshot: ${file}`)
  await context.close()
  await demo.close()
}

/**
 * Bob gets busy, and Ada stops answering heartbeats until her time is out.
 *
 * @param {Page} page
 */
async function play(page) {
  const ada = page.locator('[data-player="ada"]')
  const bob = page.locator('[data-player="bob"]')
  await ada.locator('[data-user="bob"][data-status="online"]').waitFor()
  await bob.getByLabel('Busy with').fill('Reviewing the release')
  await bob.getByRole('button', { name: 'Busy', exact: true }).click()
  await ada.locator('[data-user="bob"][data-status="busy"]').waitFor()
  await ada.getByRole('button', { name: 'Stop answering heartbeats' }).click()
  await bob.locator('[data-user="ada"][data-status="offline"]').waitFor()
  await bob.getByLabel('Message to Ada Keller').fill('And grey. You are gone!')
  await bob.getByRole('button', { name: 'Send' }).click()
  await ada.getByText('And grey. You are gone!').waitFor()
  await page.mouse.move(0, 0)
}

/** @param {Buffer} png */
function small(png) {
  return execFileSync('pngquant', ['--speed', '1', '--strip', '-'], { input: png, maxBuffer: png.length })
}

/** Every status is to be seen among the contacts that one sees without scrolling. Runs in the page. */
function isLively() {
  const contacts = [...document.querySelectorAll('[data-player="bob"] .contact')].slice(1, 7)
  const statuses = contacts.map((contact) => contact.getAttribute('data-status'))
  return ['online', 'away', 'busy', 'offline'].every((status) => statuses.includes(status))
}

/**
 * A picture of the small hours would make people look at the time.
 *
 * @param {number} hour
 */
function zoneWhereItIs(hour) {
  const behind = new Date().getUTCHours() - hour
  // These names count to the west: GMT+3 is three hours behind.
  return `Etc/GMT${behind < 0 ? '' : '+'}${behind}`
}
