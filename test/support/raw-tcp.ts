/** A WebSocket client made of bytes: for what no well-behaved library sends. */
import { connect, type Socket } from 'node:net'
import { SUBPROTOCOL } from '../../src/core/socket.ts'

export interface RawTcp {
  readonly socket: Socket
  /** Frames of the server as they came: opcode and payload. */
  readonly frames: { readonly opcode: number; readonly payload: Buffer }[]
  /** The code of the server's close frame, or why there was none. */
  readonly closed: Promise<number | 'cut'>
  send(...bytes: readonly Buffer[]): void
  /** Waits for a text frame that contains this. */
  text(part: string): Promise<string>
}

/** An upgrade that offers our sub-protocol. */
export const HANDSHAKE = [
  'GET / HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`,
  '',
  '',
].join('\r\n')

/** Opens a connection and does the handshake. */
export async function openRawTcp(port: number): Promise<RawTcp> {
  const socket = connect(port, '127.0.0.1')
  const frames: RawTcp['frames'] = []
  const watchers = new Set<() => void>()
  let received: Buffer = Buffer.alloc(0)
  let upgraded = false
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes])
    if (!upgraded) {
      const end = received.indexOf('\r\n\r\n')
      if (end < 0) return
      upgraded = true
      received = received.subarray(end + 4)
    }
    received = takeFrames(received, frames)
    for (const watch of watchers) watch()
  })
  const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', resolve)
    socket.on('error', reject)
  })
  socket.write(HANDSHAKE)
  const until = <T>(look: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const watch = (): void => {
        const found = look()
        if (found === undefined) return
        watchers.delete(watch)
        resolve(found)
      }
      watchers.add(watch)
      watch()
    })
  await until(() => (upgraded ? true : undefined))
  return {
    socket,
    frames,
    closed: Promise.race([
      until(() => closeCode(frames)),
      ended.then(() => closeCode(frames) ?? ('cut' as const)),
    ]),
    send(...bytes) {
      socket.write(Buffer.concat(bytes))
    },
    text: (part) =>
      until(() => frames.map(({ payload }) => payload.toString()).find((text) => text.includes(part))),
  }
}

/** A frame as a client sends it. */
export function frame(
  opcode: number,
  payload: Buffer | string,
  {
    fin = true,
    masked = true,
    rsv = 0,
    length,
  }: { fin?: boolean; masked?: boolean; rsv?: number; length?: number } = {},
): Buffer {
  const body = Buffer.from(payload)
  const size = length ?? body.length
  const head = Buffer.alloc(size < 126 ? 2 : size < 65_536 ? 4 : 10)
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  head[1] = (masked ? 0x80 : 0) | (size < 126 ? size : size < 65_536 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(size, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(size), 2)
  if (!masked) return Buffer.concat([head, body])
  const mask = Buffer.from([0x12, 0x34, 0x56, 0x78])
  return Buffer.concat([head, mask, body.map((byte, index) => byte ^ (mask[index % 4] as number))])
}

/** Takes whole frames off the bytes; a server masks nothing. */
function takeFrames(bytes: Buffer, frames: RawTcp['frames']): Buffer {
  let rest = bytes
  while (rest.length >= 2) {
    const short = (rest[1] as number) & 0x7f
    const start = short === 126 ? 4 : short === 127 ? 10 : 2
    if (rest.length < start) return rest
    const size =
      short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short
    if (rest.length < start + size) return rest
    frames.push({ opcode: (rest[0] as number) & 0x0f, payload: rest.subarray(start, start + size) })
    rest = rest.subarray(start + size)
  }
  return rest
}

function closeCode(frames: RawTcp['frames']): number | undefined {
  const close = frames.find(({ opcode }) => opcode === 8)
  if (!close) return undefined
  return close.payload.length >= 2 ? close.payload.readUInt16BE(0) : 1005
}
