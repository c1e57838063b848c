import { players } from '../people.ts'
import { firstName } from './names.ts'
import { Panel } from './panel.tsx'
import type { Session } from './session.ts'
import { timing } from './timing.ts'
import { seconds } from './times.ts'

/** The page: one player, or two side by side. */
export function App({ sessions }: { readonly sessions: readonly Session[] }) {
  return (
    <div className="page" data-panels={sessions.length}>
      <header className="masthead">
        <h1 className="brand">
          <span className="mark" aria-hidden="true" />
          presencekit
        </h1>
        <p className="tagline">Real clients, one server. Do something on one side, watch the other.</p>
        <ul className="facts" aria-label="Timing of this demo">
          <li>
            times out after <b>{seconds(timing.timeoutMs)}</b>
          </li>
          <li>
            grace <b>{seconds(timing.graceMs)}</b>
          </li>
          {players.map(({ id, name }) => (
            <li key={id}>
              <a href={`?user=${id}`} target="_blank" rel="noreferrer">
                {firstName(name)} alone ↗
              </a>
            </li>
          ))}
        </ul>
      </header>
      <main className="panels">
        {sessions.map((session) => (
          <Panel key={session.person.id} session={session} />
        ))}
      </main>
    </div>
  )
}
