/** The sample of docs/adapters.md: what a migration of the application's puts into the database. */
import type { Client } from 'pg'
import { contactsTrigger, privacySchema, privacyTrigger } from 'presencekit/postgres'

export async function migrate(client: Client): Promise<void> {
  await client.query(contactsTrigger({ table: 'contacts' }))
  await client.query(privacySchema())
  await client.query(privacyTrigger())
}
