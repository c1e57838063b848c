import { useLastSeen, usePresence } from 'presencekit/react'
import { type SubmitEvent, useLayoutEffect, useRef, useState } from 'react'
import type { Person } from '../people.ts'
import { Avatar } from './avatar.tsx'
import { firstName } from './names.ts'
import type { Session } from './session.ts'
import { useStore } from './store.ts'
import { exactTime, LOCALE, timeOfDay } from './times.ts'

interface ConversationProps {
  readonly session: Session
  readonly other: Person
}

/** A chat, under what is known of the other's presence. */
export function Conversation({ session, other }: ConversationProps) {
  return (
    <div className="conversation">
      <OtherHeader other={other} />
      <Messages session={session} other={other} />
      <Composer session={session} other={other} />
    </div>
  )
}

function OtherHeader({ other }: { readonly other: Person }) {
  const { status, statusText, lastSeen, reason, stale } = usePresence(other.id)
  const words = useLastSeen(other.id, { locale: LOCALE })
  const exactly = lastSeen === null ? undefined : `${exactTime(lastSeen)}${reason ? ` · ${reason}` : ''}`
  return (
    <header className="other" data-stale={stale}>
      <Avatar person={other} status={status} />
      <div>
        <h3>{other.name}</h3>
        <p aria-live="polite" title={exactly} data-last-seen={lastSeen} data-reason={reason}>
          {words || 'not known'}
          {statusText && ` · ${statusText}`}
          {stale && ' · last known'}
        </p>
      </div>
    </header>
  )
}

function Messages({ session: { chat, person }, other }: ConversationProps) {
  const messages = useStore(chat.messages).filter(({ from, to }) => from === other.id || to === other.id)
  const list = useRef<HTMLOListElement>(null)
  const count = messages.length
  useLayoutEffect(() => {
    if (count > 0) list.current?.lastElementChild?.scrollIntoView({ block: 'nearest' })
  }, [count])
  return (
    <ol ref={list} className="messages" aria-label={`Messages with ${other.name}`}>
      {messages.map(({ id, from, text, at }) => (
        <li key={id} className="message" data-mine={from === person.id}>
          {text} <time dateTime={new Date(at).toISOString()}>{timeOfDay(at)}</time>
        </li>
      ))}
    </ol>
  )
}

function Composer({ session: { chat }, other }: ConversationProps) {
  const [text, setText] = useState('')
  const open = useStore(chat.open)
  const send = (event: SubmitEvent): void => {
    event.preventDefault()
    if (text.trim() === '') return
    chat.send({ to: other.id, text: text.trim() })
    setText('')
  }
  return (
    <form className="composer" onSubmit={send}>
      <input
        aria-label={`Message to ${other.name}`}
        placeholder={open ? `Message ${firstName(other.name)}` : 'No connection'}
        value={text}
        maxLength={500}
        disabled={!open}
        onChange={({ target }) => setText(target.value)}
      />
      <button type="submit" disabled={!open} aria-label="Send">
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <path d="M3 10 17 3.5 13.5 17 9.6 11.6Z M9.6 11.6 17 3.5" />
        </svg>
      </button>
    </form>
  )
}
