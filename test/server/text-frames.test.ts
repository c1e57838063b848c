/** Text frames as a server writes them, read back by the receiver of `ws`. */
import type { Writable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as ws from 'ws'
import { sendTexts } from '../../src/server/attach/text-frames.ts'
import type { WebSocketLike } from '../../src/core/socket.ts'

const OPEN = 1
/** What `ws` reads frames with; its types do not have it. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable }

/** What arrives of what is sent. */
async function pass(texts: readonly string[], together = true, readyState = OPEN): Promise<string[]> {
  const receiver = new Receiver({ isServer: false })
  const arrived: string[] = []
  receiver.on('message', (data: Buffer, isBinary: boolean) => {
    expect(isBinary).toBe(false)
    arrived.push(data.toString())
  })
  const under = {
    write: (data: Uint8Array | string, as?: 'latin1') => receiver.write(Buffer.from(data as string, as)),
  }
  const socket = { readyState } as WebSocketLike
  for (const some of together ? [texts] : texts.map((text) => [text])) sendTexts(socket, under, some)
  await new Promise((resolve) => receiver.end(resolve))
  return arrived
}

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])(
  'a text of %i bytes arrives whole',
  async (length) => {
    const text = 'x'.repeat(length)
    for (const together of [true, false]) expect(await pass([text, 'next'], together)).toEqual([text, 'next'])
  },
)

test('whatever is said arrives, its length counted in bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme', maxLength: 200 })), async (texts) => {
      expect(await pass(texts)).toEqual(texts)
    }),
    { numRuns: 50 },
  )
  const text = '\u{1f600}é'.repeat(30)
  expect(await pass([text])).toEqual([text])
})

test.each([0, 2, 3])('nothing is written to a socket in state %i', async (readyState) => {
  expect(await pass(['lost'], true, readyState)).toEqual([])
})
