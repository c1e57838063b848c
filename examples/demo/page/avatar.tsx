import type { PresenceStatus } from 'presencekit'
import type { CSSProperties } from 'react'
import type { Person } from '../people.ts'
import { initials } from './names.ts'

/** A face, with the dot that all of this is about. */
export function Avatar({ person, status }: { readonly person: Person; readonly status: PresenceStatus }) {
  return (
    <span className="avatar" style={{ '--hue': person.hue } as CSSProperties} aria-hidden="true">
      {initials(person.name)}
      {/* A new status is a new dot, so that each begins with its own small pulse. */}
      <span key={status} className="dot" data-status={status} />
    </span>
  )
}
