/** One contact that lives: comes, works, pauses, goes, and now and then has bad luck with the network. */
import { createPresenceClient, type WebSocketConstructor } from 'presencekit/client'
import type { Random } from 'presencekit/testing'
import { WebSocket } from 'ws'
import { createLink } from '../link.ts'
import { createReplies } from './replies.ts'
import { type Deed, nextDeed, pauseAfter, type Whereabouts } from './rhythm.ts'

/** What a life depends on. */
export interface LifeOptions {
  /** `ws://host:port` of presence and chat. */
  readonly address: string
  readonly timeoutMs: number
  readonly random: Random
  readonly startsOnline: boolean
}

const BUSY_WITH = [
  'In a meeting',
  'On a call',
  'Writing, back at noon',
  'On the train',
  'Pairing',
  'At lunch',
  'Deep work',
]
const FIRST_MS = 2_500

/** Lets a contact live until it is stopped. */
export function createLivelyContact(user: string, options: LifeOptions): { stop(): void } {
  const { address, timeoutMs, random, startsOnline } = options
  const link = createLink(WebSocket as unknown as WebSocketConstructor)
  const client = createPresenceClient({
    url: `${address}/presence`,
    token: user,
    WebSocket: link.WebSocket,
    reconnect: { maxDelayMs: 2_000 },
  })
  const replies = createReplies(
    `${address}/chat?user=${user}`,
    random.fork(),
    () => client.self.status !== 'unknown',
  )
  let whereabouts: Whereabouts = startsOnline ? 'away' : 'gone'
  let timer: NodeJS.Timeout

  // Whatever fails here has been stopped, or comes right by itself.
  const quietly = (promise: Promise<unknown>): void => void promise.catch(() => undefined)
  const act = (deed: Deed): void => {
    switch (deed) {
      case 'come':
        link.set('whole')
        quietly(client.connect())
        return quietly(client.setStatus('auto', { text: null }))
      case 'go away':
        return quietly(client.setStatus('away', { text: null }))
      case 'get busy':
        return quietly(client.setStatus('busy', { text: random.pick(BUSY_WITH) }))
      case 'leave':
        return quietly(client.disconnect())
      case 'lose the connection':
        return link.set('cut')
      case 'fall silent':
        return link.set('mute')
    }
  }
  const live = (): void => {
    const deed = nextDeed(whereabouts, random)
    act(deed)
    whereabouts = WHERE_IT_LEADS[deed]
    timer = setTimeout(live, pauseAfter(deed, timeoutMs, random))
  }
  timer = setTimeout(live, startsOnline ? random.integer(0, FIRST_MS) : random.integer(20_000, 60_000))

  return {
    stop() {
      clearTimeout(timer)
      replies.stop()
      client.destroy()
    },
  }
}

const WHERE_IT_LEADS: Readonly<Record<Deed, Whereabouts>> = {
  come: 'online',
  'go away': 'away',
  'get busy': 'busy',
  leave: 'gone',
  'lose the connection': 'gone',
  'fall silent': 'gone',
}
