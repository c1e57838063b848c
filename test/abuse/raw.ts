/** Bytes on a socket, for what no client library sends. */
import type { Socket } from 'node:net'
import { frame } from '../support/raw-tcp.ts'
import { hello, ONLINE, openMute } from './attacker.ts'

const TEXT = 1
/** A close frame begins with it, and nothing else that a server sends in ASCII has it. */
const CLOSE_HEAD = 0x88

/** A live session on a socket of bytes. Of what comes only a close is looked at, or it is not even read. */
export async function openRaw(port: number, name: string, reads: boolean): Promise<Socket> {
  const socket = await openMute(port)
  socket.write(Buffer.concat([frame(TEXT, hello(name)), frame(TEXT, ONLINE)]))
  await new Promise<void>((resolve) => {
    socket.once('data', () => {
      resolve()
    })
  })
  if (reads) {
    socket.on('data', (bytes: Buffer) => {
      if (bytes.includes(CLOSE_HEAD)) socket.destroy()
    })
  } else socket.pause()
  return socket
}

/** Sends, and waits until it is gone or the socket is. */
export function push(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve()
    else {
      socket.write(bytes, () => {
        resolve()
      })
    }
  })
}

export function repeat(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(Array<Buffer>(times).fill(bytes))
}
