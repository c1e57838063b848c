/** The application's routes, for whoever is signed in. */
import { PresenceError } from 'presencekit'

/** Calls them. */
export interface Api {
  readonly get: <Answer>(path: string) => Promise<Answer>
  readonly put: (path: string, body?: unknown) => Promise<void>
  readonly delete: (path: string) => Promise<void>
  /** A token for presence, as `createPresenceClient` takes it. */
  readonly token: (request: { readonly signal: AbortSignal }) => Promise<string>
}

export function createApi(secret: string): Api {
  const call = async (method: string, path: string, { body, signal }: Extras = {}): Promise<unknown> => {
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
    const response = await fetch(`/api/${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    })
    // Of all failures this one stops the client for good; after others it asks again.
    if (response.status === 401) throw new PresenceError('UNAUTHORIZED', 'You are not signed in any more')
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`)
    return response.json()
  }
  return {
    get: (path) => call('GET', path) as Promise<never>,
    async put(path, body) {
      await call('PUT', path, { body })
    },
    async delete(path) {
      await call('DELETE', path)
    },
    async token({ signal }) {
      const { token } = (await call('POST', 'token', { signal })) as { readonly token: string }
      return token
    },
  }
}

interface Extras {
  readonly body?: unknown
  readonly signal?: AbortSignal
}
