import type { PresenceClient } from 'presencekit/client'

/** Covers the contacts of whoever has said goodbye, as a log-in page would. */
export function Farewell({ client }: { readonly client: PresenceClient }) {
  return (
    <div className="farewell">
      <p>
        <strong>You said goodbye.</strong>
        <br />
        Everybody saw you leave at once.
      </p>
      <button type="button" className="primary" onClick={() => void client.connect()}>
        Come back
      </button>
    </div>
  )
}
