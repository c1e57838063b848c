import type { OwnPresence } from 'presencekit'
import type { ConnectionState } from 'presencekit/client'
import { useConnection, useMyPresence } from 'presencekit/react'
import type { LinkState } from '../link.ts'
import { Avatar } from './avatar.tsx'
import type { Session } from './session.ts'
import { useLinkState } from './use-link-state.ts'

/** Who this is, what they show, and how their connection does. */
export function OwnHeader({ session: { person, link } }: { readonly session: Session }) {
  const self = useMyPresence()
  const { state } = useConnection()
  const linkState = useLinkState(link)
  return (
    <header className="own">
      <Avatar person={person} status={state === 'connected' ? self.status : 'unknown'} />
      <div className="own-words">
        <h2>{person.name}</h2>
        <p aria-live="polite">
          {state === 'connected' ? inWords(self) : 'what others see is up to the server now'}
        </p>
      </div>
      <span className="chip" data-tone={toneOf(state, linkState)} data-connection={state}>
        {linkState === 'mute' && state === 'connected' ? 'connected, half dead' : state}
      </span>
    </header>
  )
}

function inWords({ status, chosen, statusText }: OwnPresence): string {
  if (chosen === 'invisible') return 'invisible: others see you offline'
  if (status === 'unknown') return 'not known to the server'
  return `you show as ${status}${statusText ? ` · ${statusText}` : ''}`
}

function toneOf(state: ConnectionState, link: LinkState): 'good' | 'doubtful' | 'bad' {
  if (state !== 'connected') return state === 'closed' || link === 'cut' ? 'bad' : 'doubtful'
  return link === 'whole' ? 'good' : 'doubtful'
}
