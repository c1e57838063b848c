/** Requests that the database does not take. */
import type { ErrorRequestHandler } from 'express'

/** What PostgreSQL says, and what HTTP says. */
const STATUS = new Map<unknown, number>([
  // A key that is missing: there is no such user.
  ['23503', 404],
  // A CHECK, a NOT NULL, or bytes that are no text.
  ['23514', 400],
  ['23502', 400],
  ['22021', 400],
])

export const refuse: ErrorRequestHandler = (error: { readonly code?: unknown }, _request, response, next) => {
  const status = STATUS.get(error.code)
  if (status === undefined) next(error)
  else response.sendStatus(status)
}
