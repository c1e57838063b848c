/** One player's half of the wire: a real client, the link it runs over, the chat beside it, and a log of it all. */
import { createPresenceClient, type PresenceClient, type WebSocketConstructor } from 'presencekit/client'
import { createLink, type Link } from '../link.ts'
import type { Person } from '../people.ts'
import { type Chat, openChat } from './chat.ts'
import { type LogEntry, watchEvents } from './event-log.ts'
import type { Store } from './store.ts'

/** All that a panel needs. */
export interface Session {
  readonly person: Person
  readonly client: PresenceClient
  readonly link: Link
  readonly chat: Chat
  readonly log: Store<readonly LogEntry[]>
}

/** Impatient, so that plugging in again shows at once. */
const RECONNECT = { minDelayMs: 200, maxDelayMs: 1_000 }

/** Starts a session. It lives as long as the page. */
export function createSession(person: Person): Session {
  const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`
  const link = createLink(WebSocket as WebSocketConstructor)
  const client = createPresenceClient({
    url: `${address}/presence`,
    // A TOY: whoever says "ada" is Ada. In real life a signed token, from a function that can renew it.
    token: person.id,
    WebSocket: link.WebSocket,
    reconnect: RECONNECT,
  })
  return {
    person,
    client,
    link,
    chat: openChat(`${address}/chat?user=${person.id}`, link),
    log: watchEvents(client),
  }
}
