import type { StatusChoice } from 'presencekit'
import type { PresenceClient } from 'presencekit/client'
import { useConnection, useMyPresence } from 'presencekit/react'
import { type SubmitEvent, useState } from 'react'

const CHOICES: readonly (readonly [choice: Exclude<StatusChoice, 'busy'>, label: string, dot: string])[] = [
  ['auto', 'Online', 'online'],
  ['away', 'Away', 'away'],
  ['invisible', 'Invisible', 'unknown'],
]

/** What a player wants others to see. */
export function StatusControls({ client }: { readonly client: PresenceClient }) {
  const { chosen } = useMyPresence()
  const { state } = useConnection()
  const [text, setText] = useState('In a meeting')
  const gone = state === 'closed'
  // Without a connection the choice is kept and sent with the next one, so there is nothing to wait for.
  const choose = (choice: StatusChoice, words: string | null): void =>
    void client.setStatus(choice, { text: words }).catch(() => undefined)
  const getBusy = (event: SubmitEvent): void => {
    event.preventDefault()
    choose('busy', text.trim() === '' ? null : text.trim())
  }
  return (
    <fieldset className="controls" disabled={gone}>
      <legend>Show me as</legend>
      {CHOICES.map(([choice, label, dot]) => (
        <button
          key={choice}
          type="button"
          className="choice"
          aria-pressed={chosen === choice}
          onClick={() => choose(choice, null)}
        >
          <span className="dot" data-status={dot} aria-hidden="true" />
          {label}
        </button>
      ))}
      <form className="busy" onSubmit={getBusy}>
        <button type="submit" className="choice" aria-pressed={chosen === 'busy'}>
          <span className="dot" data-status="busy" aria-hidden="true" />
          Busy
        </button>
        <input
          aria-label="Busy with"
          placeholder="with …"
          value={text}
          maxLength={140}
          onChange={({ target }) => setText(target.value)}
        />
      </form>
    </fieldset>
  )
}
