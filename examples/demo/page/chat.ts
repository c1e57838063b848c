/** The page's end of the application's own sockets. Presence is not concerned. */
import { type ChatDraft, type ChatMessage, isChatDraft } from '../chat-message.ts'
import type { Link } from '../link.ts'
import { createStore, type Store } from './store.ts'

/** What the page sees of the chat. */
export interface Chat {
  readonly messages: Store<readonly ChatMessage[]>
  readonly open: Store<boolean>
  send(draft: ChatDraft): void
}

const RETRY_MS = 500

/** Opens the chat, again and again where the link is cut. */
export function openChat(url: string, link: Link): Chat {
  const messages = createStore<readonly ChatMessage[]>([])
  const open = createStore(false)
  let send = (_frame: string): void => undefined

  const take = ({ data }: MessageEvent<string>): void => {
    const known = new Map(messages.get().map((message) => [message.id, message]))
    for (const message of JSON.parse(data) as ChatMessage[]) known.set(message.id, message)
    messages.set([...known.values()])
  }
  const tryAgain = (): void => void setTimeout(connect, RETRY_MS)
  const connect = (): void => {
    if (link.state === 'cut') return tryAgain()
    const socket = new link.WebSocket(url, [])
    send = (frame) => socket.send(frame)
    socket.addEventListener('open', () => open.set(true))
    socket.addEventListener('message', take)
    socket.addEventListener('close', () => {
      open.set(false)
      tryAgain()
    })
  }
  connect()
  return {
    messages,
    open,
    send(draft) {
      if (isChatDraft(draft)) send(JSON.stringify(draft))
    },
  }
}
