/** A client written from docs/protocol.md alone, as small as can be: thousands of it fit in a process. */
import WebSocket from 'ws'

/** What a plain client lives through, counted. */
export interface Tally {
  /** Connected, announced and shown its contact. */
  settled: number
  /** Told that its contact is offline. */
  offline: number
  /** Closes by the server, by code; 1006: the connection was lost. */
  readonly closes: Record<string, number>
}

export interface PlainClient {
  connect(): void
  /** The connection is lost; it comes back by itself. */
  cut(): void
  end(): void
}

const SUBPROTOCOL = 'presencekit.v1'
const FIRST_DELAY_MS = 500
const MOST_DELAY_MS = 30_000
/** Codes after which a client stops: the range 40xx. */
const STOP = { from: 4_000, to: 4_099 }

interface Frame {
  readonly type: string
  readonly session?: string
  readonly users?: readonly { readonly user: string; readonly status: string }[]
}

/**
 * @param url - gives the address for each attempt
 * @param contact - whom it watches, and who is there all the time
 */
export function createPlainClient(
  user: string,
  contact: string,
  url: () => string,
  tally: Tally,
): PlainClient {
  let socket: WebSocket | undefined
  let previous: string | undefined
  let attempts = 0
  let isSettled = false
  let isOver = false

  const send = (frame: object): void => socket?.send(JSON.stringify(frame))
  const unsettle = (): void => {
    if (isSettled) tally.settled--
    isSettled = false
  }
  const hear = ({ type, session, users = [] }: Frame): void => {
    if (type === 'heartbeat') send({ type })
    if (type === 'welcome') previous = session
    if (users.some(({ status }) => status === 'offline')) tally.offline++
    if (isSettled || !users.some(({ status }) => status === 'online')) return
    isSettled = true
    attempts = 0
    tally.settled++
  }
  const connect = (): void => {
    if (isOver) return
    socket = new WebSocket(url(), SUBPROTOCOL, { perMessageDeflate: false })
    socket.on('open', () => {
      send({ type: 'hello', version: 1, token: user, previous })
      send({ type: 'PRESENCE_UPDATE', status: 'online' })
      send({ type: 'subscribe', users: [contact], ref: 1 })
    })
    socket.on('message', (data: Buffer) => {
      hear(JSON.parse(data.toString()) as Frame)
    })
    socket.on('error', () => {})
    socket.on('close', (code, reason) => {
      unsettle()
      tally.closes[code] = (tally.closes[code] ?? 0) + 1
      if (code < STOP.from || code > STOP.to) setTimeout(connect, delayOf(reason.toString()))
    })
  }
  /** Full jitter; where the server says when, that and as much again. */
  const delayOf = (reason: string): number => {
    const told = Number(/ (\d+)$/.exec(reason)?.[1] ?? 0)
    const spread = told || Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempts++)
    return told + Math.random() * spread
  }

  return {
    connect,
    cut: () => socket?.terminate(),
    end() {
      isOver = true
      socket?.terminate()
    },
  }
}
