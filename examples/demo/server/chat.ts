/**
 * The application's own sockets: plain `ws`, on the same HTTP server as presence and unaware of it. Messages are
 * kept in memory and told to both ends.
 */
import type { IncomingMessage, Server } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { type ChatMessage, isChatDraft } from '../chat-message.ts'
import { personOf } from '../people.ts'
import { earlierMessages } from './earlier.ts'

const MOST_KEPT = 500
const LONGEST_FRAME_BYTES = 4_096

/** Serves chat on a path. */
export function createChat(httpServer: Server, path: string): { close(): void } {
  const messages: ChatMessage[] = earlierMessages(Date.now())
  const socketsOf = new Map<string, Set<WebSocket>>()
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LONGEST_FRAME_BYTES })

  const take = (from: string, frame: string): void => {
    const draft = readDraft(frame)
    if (!draft) return
    const message = { id: (messages.at(-1)?.id ?? 0) + 1, from, at: Date.now(), ...draft }
    messages.push(message)
    if (messages.length > MOST_KEPT) messages.shift()
    for (const end of new Set([from, message.to])) tell(socketsOf.get(end) ?? [], [message])
  }

  sockets.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    const user = userOf(request)
    const mine = socketsOf.get(user) ?? new Set()
    socketsOf.set(user, mine.add(socket))
    tell(
      [socket],
      messages.filter(({ from, to }) => from === user || to === user),
    )
    socket.on('message', (frame: Buffer) => take(user, frame.toString()))
    socket.on('close', () => mine.delete(socket))
    // What is wrong with a socket is followed by its close.
    socket.on('error', () => undefined)
  })

  httpServer.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?', 1)[0] !== path) return
    if (!personOf(userOf(request))) return void socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
    sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit('connection', opened, request))
  })

  return {
    close() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
    },
  }
}

/** A TOY, as the token of presence: the address says who it is. */
function userOf({ url = '' }: IncomingMessage): string {
  return new URLSearchParams(url.split('?')[1]).get('user') ?? ''
}

function tell(sockets: Iterable<WebSocket>, messages: readonly ChatMessage[]): void {
  for (const socket of sockets) socket.send(JSON.stringify(messages))
}

function readDraft(frame: string): { readonly to: string; readonly text: string } | null {
  try {
    const draft: unknown = JSON.parse(frame)
    return isChatDraft(draft) && personOf(draft.to) ? { to: draft.to, text: draft.text } : null
  } catch {
    return null
  }
}
