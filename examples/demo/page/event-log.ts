/** What happened, in words: the newest first. */
import type { OwnPresence, Presence, PresenceStatus } from 'presencekit'
import type { ConnectionChange, PresenceClient } from 'presencekit/client'
import { personOf } from '../people.ts'
import { firstName } from './names.ts'
import { createStore, type Store } from './store.ts'

/** A line of the log. */
export interface LogEntry {
  readonly id: number
  /** Server time, epoch milliseconds. */
  readonly at: number
  /** Whom it is about; `null`: oneself. */
  readonly userId: string | null
  readonly text: string
  /** Of the mark before it: a status, or that of the own connection. */
  readonly tone: PresenceStatus | 'self'
}

const MOST_KEPT = 60

/** Listens to a client and keeps what it tells. */
export function watchEvents(client: PresenceClient): Store<readonly LogEntry[]> {
  const log = createStore<readonly LogEntry[]>([])
  let id = 0
  const note = (userId: string | null, text: string | null, tone: LogEntry['tone'] = 'self'): void => {
    if (text === null) return
    const entry = { id: ++id, at: client.serverTime(), userId, text, tone }
    log.set([entry, ...log.get()].slice(0, MOST_KEPT))
  }
  client.on('presence', (presence, previous) => {
    note(presence.userId, changeInWords(presence, previous), presence.status)
  })
  client.on('connection', (change) => note(null, connectionInWords(change)))
  client.on('self', (self) => note(null, choiceInWords(self)))
  return log
}

/** `null`: nothing that a reader would call news, such as a first snapshot. */
function changeInWords(presence: Presence, previous: Presence): string | null {
  const { userId, status, statusText, reason } = presence
  const isNews = status !== previous.status || statusText !== previous.statusText
  if (!isNews || status === 'unknown' || previous.status === 'unknown') return null
  const who = firstName(personOf(userId)?.name ?? userId)
  if (status === 'offline') return `${who} went offline${reason ? ` · ${reason}` : ''}`
  if (!previous.online) return `${who} came online`
  return `${who} is ${status}${statusText ? ` · ${statusText}` : ''}`
}

function connectionInWords({ current, previous, reason }: ConnectionChange): string | null {
  if (current === 'connected') return 'You are connected'
  if (current === 'closed') return reason ? `You were refused · ${reason}` : 'You said goodbye'
  return current === 'reconnecting' && previous === 'connected' ? 'Your connection is lost' : null
}

function choiceInWords({ chosen, statusText }: OwnPresence): string | null {
  return chosen === 'auto' ? null : `You chose ${chosen}${statusText ? ` · ${statusText}` : ''}`
}
