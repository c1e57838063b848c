/**
 * The session that a tab had before it was loaded anew. It is in the browser's memory only from the moment the page
 * is left until the next page reads it: a tab that is duplicated meanwhile takes a copy of that memory with it, and
 * two clients must not continue one session.
 */
const KEY = 'presencekit.previous'

/** Keeps a session for the page that comes next in this tab. */
export function keepSession(session: string): void {
  try {
    sessionStorage.setItem(KEY, session)
  } catch {
    // No such memory here, or none for us: the old session ends by itself.
  }
}

/** The session of the page before, once. */
export function takeSession(): string | undefined {
  try {
    const session = sessionStorage.getItem(KEY)
    sessionStorage.removeItem(KEY)
    return session ?? undefined
  } catch {
    return undefined
  }
}
