import { useLastSeen, usePresence, usePresences } from 'presencekit/react'
import type { Person } from '../people.ts'
import { Avatar } from './avatar.tsx'
import { familyName, firstName } from './names.ts'
import { LOCALE } from './times.ts'

interface ContactListProps {
  readonly contacts: readonly Person[]
  readonly selected: Person | undefined
  readonly onSelect: (contact: Person) => void
}

/** Everybody whom a player knows. */
export function ContactList({ contacts, selected, onSelect }: ContactListProps) {
  const presences = usePresences(contacts.map(({ id }) => id))
  const online = presences.filter((presence) => presence.online).length
  return (
    <nav className="contacts" aria-label="Contacts">
      <h3>
        Contacts{' '}
        <span>
          {online} of {contacts.length} here
        </span>
      </h3>
      <ul>
        {contacts.map((contact) => (
          <Contact
            key={contact.id}
            contact={contact}
            current={contact.id === selected?.id}
            onSelect={onSelect}
          />
        ))}
      </ul>
    </nav>
  )
}

interface ContactProps {
  readonly contact: Person
  readonly current: boolean
  readonly onSelect: (contact: Person) => void
}

function Contact({ contact, current, onSelect }: ContactProps) {
  const { status, statusText, stale } = usePresence(contact.id)
  const words = useLastSeen(contact.id, { locale: LOCALE })
  return (
    <li>
      <button
        type="button"
        className="contact"
        data-user={contact.id}
        data-status={status}
        data-stale={stale}
        aria-current={current}
        onClick={() => onSelect(contact)}
      >
        <Avatar person={contact} status={status} />
        <span className="contact-words">
          <span className="contact-name">
            {firstName(contact.name)} <span className="family">{familyName(contact.name)}</span>
          </span>
          <span className="contact-status">{statusText ?? (words || 'not known')}</span>
        </span>
      </button>
    </li>
  )
}
