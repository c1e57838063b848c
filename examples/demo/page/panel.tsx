import { PresenceProvider, useConnection } from 'presencekit/react'
import { useState } from 'react'
import { contactsOf } from '../people.ts'
import { ContactList } from './contact-list.tsx'
import { Conversation } from './conversation.tsx'
import { EventLog } from './event-log-view.tsx'
import { Farewell } from './farewell.tsx'
import { LinkControls } from './link-controls.tsx'
import { OwnHeader } from './own-header.tsx'
import type { Session } from './session.ts'
import { StatusControls } from './status-controls.tsx'

/** All that one player sees, with a client of their own. */
export function Panel({ session }: { readonly session: Session }) {
  const { person, client } = session
  return (
    <PresenceProvider client={client}>
      <section className="panel" aria-label={person.name} data-player={person.id}>
        <OwnHeader session={session} />
        <Body session={session} />
        <div className="deck">
          <StatusControls client={client} />
          <LinkControls session={session} />
        </div>
        <EventLog log={session.log} />
      </section>
    </PresenceProvider>
  )
}

function Body({ session }: { readonly session: Session }) {
  const contacts = contactsOf(session.person.id)
  const [selected, select] = useState(contacts[0])
  const { state } = useConnection()
  return (
    <div className="body">
      <ContactList contacts={contacts} selected={selected} onSelect={select} />
      {selected && <Conversation key={selected.id} session={session} other={selected} />}
      {state === 'closed' && <Farewell client={session.client} />}
    </div>
  )
}
