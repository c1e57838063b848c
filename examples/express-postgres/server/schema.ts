/** The tables: the application's own, and those that presencekit reads. */
import { Client, type ClientConfig } from 'pg'
import { contactsTrigger, privacySchema, privacyTrigger } from 'presencekit/postgres'

/** `contacts`: a row says that Bob is in Alice's list, so he may see her. She sees him when he has added her as well. */
const TABLES = `
  CREATE TABLE users (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL
  );
  CREATE TABLE sign_ins (
    digest bytea PRIMARY KEY,
    user_id text COLLATE "C" NOT NULL REFERENCES users
  );
  CREATE TABLE contacts (
    user_id text COLLATE "C" NOT NULL REFERENCES users,
    contact_id text COLLATE "C" NOT NULL REFERENCES users,
    PRIMARY KEY (user_id, contact_id)
  );`

/** Alice, Bob and Carol know each other. Dave is nobody's contact. */
const PEOPLE = `
  INSERT INTO users VALUES ('alice', 'Alice'), ('bob', 'Bob'), ('carol', 'Carol'), ('dave', 'Dave');
  INSERT INTO contacts
    SELECT one.id, other.id FROM users one, users other
    WHERE one.id <> other.id AND 'dave' NOT IN (one.id, other.id);`

/** Fills an empty database. */
export async function createSchema(database: ClientConfig): Promise<void> {
  const client = new Client(database)
  await client.connect()
  try {
    await client.query(TABLES)
    await client.query(privacySchema())
    await client.query(contactsTrigger({ table: 'contacts' }))
    await client.query(privacyTrigger())
    await client.query(PEOPLE)
  } finally {
    await client.end()
  }
}
