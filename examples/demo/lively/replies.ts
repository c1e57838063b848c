/** Answers chat messages, as far as a contact with a dozen phrases can. */
import type { Random } from 'presencekit/testing'
import { WebSocket } from 'ws'
import type { ChatMessage } from '../chat-message.ts'

const PHRASES = [
  'Ha, yes!',
  'Give me five minutes.',
  'Who told you?',
  'Saw your dot turn green, was about to write.',
  'Sounds good to me.',
  'On my way out, more tomorrow.',
  'Let me look that up.',
  'Same here.',
]
const LEAST_MS = 900
const MOST_MS = 2_600

/**
 * Listens at the chat and answers what is new.
 *
 * @param isThere - asked before each answer: nobody answers who is not there
 */
export function createReplies(url: string, random: Random, isThere: () => boolean): { stop(): void } {
  const socket = new WebSocket(url)
  const timers = new Set<NodeJS.Timeout>()
  const me = new URL(url).searchParams.get('user')
  const since = Date.now()

  const answer = (to: string): void => {
    const timer = setTimeout(
      () => {
        timers.delete(timer)
        if (isThere()) socket.send(JSON.stringify({ to, text: random.pick(PHRASES) }))
      },
      random.integer(LEAST_MS, MOST_MS),
    )
    timers.add(timer)
  }
  socket.on('message', (frame: Buffer) => {
    for (const { from, to, at } of JSON.parse(frame.toString()) as ChatMessage[]) {
      if (to === me && from !== me && at >= since) answer(from)
    }
  })
  // It ends with the demo's server.
  socket.on('error', () => undefined)

  return {
    stop() {
      for (const timer of timers) clearTimeout(timer)
      socket.terminate()
    },
  }
}
