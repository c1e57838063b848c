/**
 * One query on a client of the pool, over in time on both sides: whatever hangs, the client goes back or is given up, and
 * the server does not go on with what nobody waits for. Within a transaction, for only so the limit is the query's own,
 * also behind a pooler that hands connections round.
 */
import type { Clock } from '../../core/clock.ts'
import type { PostgresPoolClientLike, PostgresPoolLike, PostgresQuery } from './client.ts'
import { within } from './in-time.ts'

/** Gives the rows; rejects with `TIMEOUT` or `UNAVAILABLE`. */
export type Ask = (query: PostgresQuery) => Promise<readonly unknown[]>

export function createAsk(pool: PostgresPoolLike, timeoutMs: number, clock: Clock): Ask {
  const begin = `BEGIN READ ONLY; SET LOCAL statement_timeout = ${timeoutMs}`
  return async (query) => {
    const until = clock.now() + timeoutMs
    const client = await borrow(pool, until, clock)
    try {
      await within(client.query({ text: begin }), until, clock)
      const { rows } = await within(client.query(query), until, clock)
      return rows
    } finally {
      // Nobody has to wait for it.
      void giveBack(client, until, clock)
    }
  }
}

async function borrow(pool: PostgresPoolLike, until: number, clock: Clock): Promise<PostgresPoolClientLike> {
  const coming = pool.connect()
  try {
    const client = await within(coming, until, clock)
    // A client that is lent and breaks would end the process; the query that it breaks says so.
    client.on('error', ignore)
    return client
  } catch (error) {
    // What comes too late goes back at once.
    coming.then(
      (client) => {
        client.release()
      },
      () => {},
    )
    throw error
  }
}

/** `COMMIT` ends a transaction that has failed as well. Behind a query that hangs it has no time left. */
async function giveBack(client: PostgresPoolClientLike, until: number, clock: Clock): Promise<void> {
  try {
    await within(client.query({ text: 'COMMIT' }), until, clock)
  } catch {
    client.release(true)
    return
  }
  client.removeListener('error', ignore)
  client.release()
}

function ignore(): void {}
