/** What the chat's own sockets carry. Presence has no part in it. */

/** A message that was taken. */
export interface ChatMessage extends ChatDraft {
  readonly id: number
  readonly from: string
  /** Epoch milliseconds. */
  readonly at: number
}

/** A message that somebody sends. */
export interface ChatDraft {
  readonly to: string
  readonly text: string
}

const LONGEST_TEXT = 500

/** Whether something from a socket is a draft. */
export function isChatDraft(value: unknown): value is ChatDraft {
  if (typeof value !== 'object' || value === null) return false
  const { to, text } = value as Partial<Record<keyof ChatDraft, unknown>>
  return typeof to === 'string' && typeof text === 'string' && text !== '' && text.length <= LONGEST_TEXT
}
