// How a server is spoken to, and what a payload of it is, told by a byte or two: the generator has to be cheap.

import { frameOf } from '../support/frame.mjs'

/** @typedef {'welcome' | 'changes' | 'snapshot' | 'heartbeat' | 'refusal' | 'other'} Kind */

/**
 * @typedef {object} Dialect
 * @property {string} path of the upgrade
 * @property {(id: string, watches: Watches, contacts: readonly string[]) => readonly Buffer[]} hello what to send once the socket is open
 * @property {readonly Buffer[]} [welcomed] what to send once the server has said welcome
 * @property {(status: string) => Buffer} change
 * @property {Buffer} beat the answer to a heartbeat
 * @property {(bytes: Buffer, start: number, end: number) => Kind} kindOf
 *
 * @typedef {'roster' | 'subscriptions' | 'nobody'} Watches whom a session watches
 */

const say = (/** @type {object} */ message) => frameOf(JSON.stringify(message), true)
const byte = (/** @type {string} */ letter) => letter.charCodeAt(0)
const [p, w, s, n, h, e] = ['P', 'w', 's', 'n', 'h', 'e'].map(byte)
/** `{"type":"` is as long. */
const TYPE_AT = 9

/** presencekit, and all that is made to speak like it. */
const presence = /** @type {Dialect} */ ({
  path: '/',
  hello: (id, watches, contacts) => [
    say({ type: 'hello', version: 1, token: id }),
    say({ type: 'PRESENCE_UPDATE', status: 'online' }),
    ...(watches === 'roster' ? [say({ type: 'roster', watch: true, ref: 1 })] : []),
    ...(watches === 'subscriptions' ? [say({ type: 'subscribe', users: contacts, ref: 1 })] : []),
  ],
  change: (status) => say({ type: 'PRESENCE_UPDATE', status }),
  beat: frameOf('{"type":"heartbeat"}', true),
  kindOf(bytes, start) {
    const letter = bytes[start + TYPE_AT]
    if (letter === p) return 'changes'
    if (letter === h) return 'heartbeat'
    if (letter === s && bytes[start + TYPE_AT + 1] === n) return 'snapshot'
    if (letter === w) return 'welcome'
    return letter === e ? 'refusal' : 'other'
  },
})

/** Socket.IO on a WebSocket from the start: packets of Engine.IO, and in them the same things as events. */
const socketIo = /** @type {Dialect} */ ({
  path: '/socket.io/?EIO=4&transport=websocket',
  hello: (id) => [frameOf(`40${JSON.stringify({ token: id })}`, true)],
  // What comes before is not taken.
  welcomed: [frameOf('42["PRESENCE_UPDATE","online"]', true), frameOf('42["roster"]', true)],
  change: (status) => frameOf(`42["PRESENCE_UPDATE","${status}"]`, true),
  beat: frameOf('3', true),
  kindOf(bytes, start, end) {
    if (end - start === 1) return bytes[start] === byte('2') ? 'heartbeat' : 'other'
    // `42["` and the name of the event
    if (bytes[start + 1] !== byte('2')) return bytes[start + 1] === byte('0') ? 'welcome' : 'other'
    const letter = bytes[start + 4]
    if (letter === p) return 'changes'
    return letter === s ? 'snapshot' : 'other'
  },
})

/** @type {Record<string, Dialect>} */
export const DIALECTS = { presence, 'socket.io': socketIo }
