import type { DemoTiming } from '../timing.ts'

/** Put into the page by the server, which was given it. */
const meta = document.querySelector<HTMLMetaElement>('meta[name="demo-timing"]')

export const timing = JSON.parse(meta?.content ?? '{}') as DemoTiming
