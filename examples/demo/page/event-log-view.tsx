import type { LogEntry } from './event-log.ts'
import { type Store, useStore } from './store.ts'
import { exactTime } from './times.ts'

/** The log. Not read aloud: with a dozen lively contacts it would never stop. */
export function EventLog({ log }: { readonly log: Store<readonly LogEntry[]> }) {
  const entries = useStore(log)
  return (
    // Whatever scrolls must be reachable by keyboard.
    <ol className="log" aria-label="Events, the newest first" tabIndex={0}>
      {entries.map(({ id, at, userId, text, tone }) => (
        <li key={id} data-user={userId ?? 'self'}>
          <span className="dot" data-status={tone} aria-hidden="true" />
          <time dateTime={new Date(at).toISOString()}>{exactTime(at)}</time> <span>{text}</span>
        </li>
      ))}
    </ol>
  )
}
