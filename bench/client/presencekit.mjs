// The page of W6 with presencekit: a subscription for each user, as a list would have that shows each of them in a row.

import { createPresenceClient } from 'presencekit/client'
import { notePageReady, noteHeard, usersOfPage } from './page.mjs'

const client = createPresenceClient({ url: `ws://${location.host}/presence`, token: 'viewer' })
const subscriptions = usersOfPage().map((user) => client.subscribe(user, noteHeard))
await client.connect()
await Promise.all(subscriptions.map(({ ready }) => ready))
notePageReady()
