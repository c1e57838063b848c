import type { OwnPresence } from '../core/model.ts'

/** The user's own presence before the server has told it. */
export const UNKNOWN_SELF: OwnPresence = Object.freeze({
  status: 'unknown',
  chosen: 'auto',
  statusText: null,
  expiresInMs: null,
})
