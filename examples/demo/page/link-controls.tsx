import type { ConnectionState } from 'presencekit/client'
import { useConnection } from 'presencekit/react'
import type { CSSProperties } from 'react'
import type { LinkState } from '../link.ts'
import { Icon } from './icon.tsx'
import type { Session } from './session.ts'
import { timing } from './timing.ts'
import { seconds } from './times.ts'
import { useLinkState } from './use-link-state.ts'

/** Three ways to be gone, of which only the first is polite. */
export function LinkControls({ session: { client, link } }: { readonly session: Session }) {
  const { state } = useConnection()
  const linkState = useLinkState(link)
  const toggle = (fault: LinkState) => () => link.set(linkState === fault ? 'whole' : fault)
  const gone = state === 'closed'
  return (
    <>
      <fieldset className="controls">
        <legend>Leave</legend>
        <button
          type="button"
          className="fault"
          aria-pressed={gone}
          onClick={() => void (gone ? client.connect() : client.disconnect())}
        >
          <Icon name="goodbye" />
          {gone ? 'Come back' : 'Say goodbye'}
        </button>
        <button type="button" className="fault" aria-pressed={linkState === 'cut'} onClick={toggle('cut')}>
          <Icon name="cable" />
          {linkState === 'cut' ? 'Plug in' : 'Cut the cable'}
        </button>
        <button type="button" className="fault" aria-pressed={linkState === 'mute'} onClick={toggle('mute')}>
          <Icon name="heartbeat" />
          {linkState === 'mute' ? 'Answer again' : 'Stop answering heartbeats'}
        </button>
      </fieldset>
      <Hint state={state} link={linkState} />
    </>
  )
}

const GRACE = seconds(timing.graceMs)
const TIMEOUT = seconds(timing.timeoutMs)

function Hint({ state, link }: { readonly state: ConnectionState; readonly link: LinkState }) {
  const [text, durationMs] = explain(state, link)
  return (
    <p className="hint" key={text} aria-live="polite">
      {text}
      {durationMs > 0 && (
        <span className="countdown" style={{ '--lasts': `${durationMs}ms` } as CSSProperties} />
      )}
    </p>
  )
}

/** What others will see of it, and how long that takes. */
function explain(state: ConnectionState, link: LinkState): readonly [text: string, durationMs: number] {
  if (link === 'cut') {
    return [`Offline in ${GRACE}, the grace; plug in before, and nobody will have noticed.`, timing.graceMs]
  }
  if (link === 'mute') {
    return [`Hears all, answers nothing: times out ${TIMEOUT} after the last answer.`, timing.timeoutMs]
  }
  if (state === 'closed') return ['Left politely: offline at once, without grace.', 0]
  if (state === 'connected') return ['Connected. Reloading the page goes unnoticed as well.', 0]
  return ['Connecting …', 0]
}
