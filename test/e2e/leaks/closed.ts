/** A server with a client, both closed; nothing may keep this process from ending by itself. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import WebSocket, { WebSocketServer } from 'ws'
import { createPresenceServer } from '../../../src/server/index.ts'

const activeResources = (): string[] => process.getActiveResourcesInfo().sort()

/** Comes and stays. */
async function visit(url: string, token: string): Promise<{ closed: Promise<number> }> {
  const socket = new WebSocket(url, 'presencekit.v1')
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  await new Promise((resolve) => socket.on('open', resolve))
  socket.send(JSON.stringify({ type: 'hello', version: 1, token }))
  socket.send('{"type":"PRESENCE_UPDATE","status":"online"}')
  socket.send('{"type":"PRESENCE_UPDATE","status":"busy","chosen":true,"expiresInMs":3600000}')
  socket.send('{"type":"roster","watch":true,"ref":1}')
  await new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      if (data.toString().includes('snapshot')) resolve()
    })
  })
  return { closed }
}

async function main(): Promise<void> {
  // Their pipes are opened at the first use, which is nobody's leak.
  for (const output of [process.stdout, process.stderr]) output.write('')
  const http = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`
  const before = activeResources()
  const presence = createPresenceServer({
    authenticate: ({ token }) => ({ userId: token ?? 'nobody', expiresAt: Date.now() + 3_600_000 }),
    contacts: { contactsOf: () => ['alice', 'bob'] },
  })
  const application = new WebSocketServer({ server: http })
  const attachment = presence.attach(application)
  const visits = await Promise.all(['alice', 'bob', 'bob'].map((token) => visit(url, token)))
  await presence.close()
  const codes = await Promise.all(visits.map(({ closed }) => closed))
  attachment.detach()
  application.close()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const after = activeResources()
  process.stdout.write(`${JSON.stringify({ before, after, codes })}\n`)
  http.close()
}

void main()
