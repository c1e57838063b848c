/** The samples of docs/privacy.md. */
import { expect, test } from 'vitest'
import type { Audience } from 'presencekit'
import { createPresenceServer, type PrivacyAdapter, staticContacts } from 'presencekit/server'
import { createFakeClock, createMemoryNetwork } from '../../src/testing/index.ts'

interface Row {
  readonly lastSeen: Audience
  readonly blocked: readonly string[]
}

test('settings of an application, an audit and an alarm', async () => {
  const clock = createFakeClock()
  const rows = new Map<string, Row>([['bob', { lastSeen: 'nobody', blocked: ['carol'] }]])
  const settings = { find: async (userId: string) => rows.get(userId) }
  const authenticate = ({ token }: { readonly token: string | undefined }) => ({ userId: token ?? '' })
  const contacts = staticContacts({ bob: ['alice', 'carol'] })
  const warnings: string[] = []
  const warn = (text: string) => void warnings.push(text)

  const privacy: PrivacyAdapter = {
    async settingsOf(userId) {
      const row = await settings.find(userId)
      if (!row) return {}
      return { lastSeen: row.lastSeen, precision: 'minute', blocked: row.blocked }
    },
  }
  const presence = createPresenceServer({ authenticate, contacts, privacy, clock })

  const watchers = new Map<string, Set<string>>()
  presence.on('watch', ({ userId, shown }) => {
    for (const watched of shown) {
      const set = watchers.get(watched) ?? new Set()
      watchers.set(watched, set.add(userId))
    }
  })
  presence.on('alarm', ({ userId, denied, strangers }) => {
    warn(`${userId} has asked about ${strangers} strangers today and was refused ${denied} users`)
  })

  const network = createMemoryNetwork({ clock })
  network.listen((socket) => {
    presence.handleConnection(socket)
  })
  const ask = async (user: string, users: readonly string[]) => {
    const socket = new network.WebSocket('ws://example.com')
    await clock.settle()
    for (const message of [
      { type: 'hello', version: 1, token: user },
      { type: 'PRESENCE_UPDATE', status: 'online' },
      { type: 'subscribe', users, ref: 1 },
    ])
      socket.send(JSON.stringify(message))
    await clock.settle()
  }
  await ask('alice', ['bob'])
  await ask('carol', ['bob'])
  await ask('mallory', ['bob', ...Array.from({ length: 150 }, (_, number) => `user${number}`)])
  expect(watchers.get('bob')).toEqual(new Set(['alice']))
  expect(warnings).toEqual(['mallory has asked about 151 strangers today and was refused 151 users'])
})
