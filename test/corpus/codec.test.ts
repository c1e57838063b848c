import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  changesFrame,
  decodeClientFrame,
  decodePresence,
  decodeServerFrame,
  encode,
  encodePresence,
  HEARTBEAT_FRAME,
  snapshotFrame,
} from '../../src/core/codec.ts'
import { CLIENT_FIELDS, SERVER_FIELDS } from '../../src/core/fields.ts'
import { isUserId, utf8Length } from '../../src/core/ids.ts'
import type { ClientMessage, PresenceChanges, ServerMessage, Snapshot } from '../../src/core/messages.ts'
import { anyClientMessage, anyServerMessage, anyUserId, anyView } from './arbitraries.ts'
import { MALFORMED, STRANGE_BUT_VALID, STRANGE_IDS } from './frames.ts'
import { FRAME_BYTES, HELLO_FRAME_BYTES } from './hand-made.ts'

const forCodec = MALFORMED.filter(({ expected }) => expected === 'BAD_MESSAGE' || expected === 'BAD_ID')
const forSession = MALFORMED.filter(
  ({ expected, frame }) => (expected === 'STATE' || expected === 4002) && typeof frame === 'string',
)

describe('the frame table', () => {
  it('has more than 400 malformed frames, each named once', () => {
    const names = [...MALFORMED, ...STRANGE_BUT_VALID].map(({ name }) => name)
    expect(MALFORMED.length).toBeGreaterThan(400)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  it('breaks every field of every message', () => {
    for (const [type, fields] of CLIENT_FIELDS) {
      for (const field of Object.keys(fields)) {
        const cases = forCodec.filter(({ name }) => name.startsWith(`${type}.${field} is `))
        expect(cases.length, `${type}.${field}`).toBeGreaterThan(10)
      }
    }
  })

  it('oversteps the size of a frame only where that is the point', () => {
    for (const { name, frame, expected, state } of MALFORMED) {
      const most = state === 'before-hello' ? HELLO_FRAME_BYTES : FRAME_BYTES
      expect(Buffer.byteLength(frame) > most, name).toBe(expected === 1009)
    }
    for (const { name, frame, state } of STRANGE_BUT_VALID) {
      const most = state === 'before-hello' ? HELLO_FRAME_BYTES : FRAME_BYTES
      expect(Buffer.byteLength(frame), name).toBeLessThanOrEqual(most)
    }
  })
})

describe('decodeClientFrame', () => {
  it.each(forCodec)('refuses: $name', ({ frame, expected }) => {
    expect(decodeClientFrame(frame as string)).toMatchObject({ ok: false, code: expected })
  })

  it.each(forSession)('leaves to the session: $name', ({ frame }) => {
    expect(decodeClientFrame(frame as string).ok).toBe(true)
  })

  it.each(STRANGE_BUT_VALID)('takes: $name', ({ frame }) => {
    expect(decodeClientFrame(frame)).toEqual({ ok: true, message: JSON.parse(frame) as unknown })
  })

  it('names the ref of a frame with a wrong field', () => {
    expect(decodeClientFrame('{"type":"fetch","users":[""],"ref":7}')).toEqual({
      ok: false,
      code: 'BAD_ID',
      ref: 7,
    })
    expect(decodeClientFrame('{"type":"fetch","users":1,"ref":0}')).toMatchObject({
      code: 'BAD_MESSAGE',
      ref: 0,
    })
    expect(decodeClientFrame('{"type":"fetch","users":[""],"ref":-1}')).not.toHaveProperty('ref')
  })

  it('changes no prototype', () => {
    const decoded = decodeClientFrame('{"type":"heartbeat","__proto__":{"polluted":true}}')
    expect(decoded.ok && Object.getPrototypeOf(decoded.message)).toBe(Object.prototype)
    expect({}).not.toHaveProperty('polluted')
  })

  it('takes no field from a prototype that somebody else spoilt', () => {
    const spoilt = { users: ['a'], ref: 1, chosen: 'not a flag' }
    for (const [key, value] of Object.entries(spoilt)) {
      Object.defineProperty(Object.prototype, key, { value, configurable: true })
    }
    try {
      expect(decodeClientFrame('{"type":"fetch"}').ok).toBe(false)
      expect(decodeClientFrame('{"type":"PRESENCE_UPDATE","status":"online"}').ok).toBe(true)
    } finally {
      for (const key of Object.keys(spoilt)) Reflect.deleteProperty(Object.prototype, key)
    }
  })

  it('knows the heartbeat by its text', () => {
    expect(HEARTBEAT_FRAME).toBe(encode({ type: 'heartbeat' }))
    expect(decodeClientFrame(HEARTBEAT_FRAME)).toEqual({ ok: true, message: { type: 'heartbeat' } })
  })

  it('keeps to the limits that it is given', () => {
    const limits = { idBytes: 4, tokenBytes: 4, statusTextLength: 4, jsonDepth: 2, jsonKeys: 3 }
    const verdict = (frame: string) => decodeClientFrame(frame, limits).ok
    expect(verdict('{"type":"unsubscribe","users":["abcd"]}')).toBe(true)
    expect(verdict('{"type":"unsubscribe","users":["abcde"]}')).toBe(false)
    expect(verdict('{"type":"token","token":"abcd"}')).toBe(true)
    expect(verdict('{"type":"token","token":"abcde"}')).toBe(false)
    expect(verdict('{"type":"PRESENCE_UPDATE","status":"busy","text":"abcd"}')).toBe(true)
    expect(verdict('{"type":"PRESENCE_UPDATE","status":"busy","text":"abcde"}')).toBe(false)
    expect(verdict('{"type":"heartbeat","a":[[]]}')).toBe(false)
    expect(verdict('{"type":"heartbeat","a":1,"b":2,"c":3}')).toBe(false)
  })

  it('never throws, and gives only messages of the table', () => {
    const check = (frame: string): void => {
      const decoded = decodeClientFrame(frame)
      if (decoded.ok) expect([...CLIENT_FIELDS.keys()]).toContain(decoded.message.type)
      else expect(['BAD_MESSAGE', 'BAD_ID']).toContain(decoded.code)
    }
    fc.assert(fc.property(anyUnits(), check))
    fc.assert(fc.property(fc.json(), check))
    fc.assert(
      fc.property(anyNearMiss(), (value) => check(JSON.stringify(value))),
      { numRuns: 2_000 },
    )
  })

  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(anyClientMessage(), (message: ClientMessage) => {
        expect(decodeClientFrame(encode(message))).toEqual({ ok: true, message })
      }),
      { numRuns: 1_000 },
    )
  })

  it('refuses every beginning of a frame', () => {
    fc.assert(
      fc.property(anyClientMessage(), fc.nat(), (message, cut) => {
        const frame = encode(message)
        expect(decodeClientFrame(frame.slice(0, cut % frame.length)).ok).toBe(false)
      }),
    )
  })
})

describe('decodeServerFrame', () => {
  const usual: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    welcome: { version: 1, session: 's', user: 'u', now: 1, heartbeatMs: 20_000, timeoutMs: 30_000 },
    snapshot: { ref: 1, users: [{ user: 'a', status: 'online' }] },
    PRESENCE_UPDATE: { users: [{ user: 'a', status: 'offline', lastSeen: 1, reason: 'drop' }] },
    self: { status: 'offline', chosen: 'invisible' },
    heartbeat: { now: 1 },
    renew: {},
    stale: { stale: true },
    close: { code: 4000, reason: 'BAD_MESSAGE' },
    error: { code: 'LIMIT' },
  }
  const types = [...SERVER_FIELDS.keys()]

  it.each(types)('takes a usual %s, and with members that nobody knows', (type) => {
    const message = { type, ...usual[type] }
    expect(decodeServerFrame(JSON.stringify(message))).toEqual({ ok: true, message })
    const more = { ...message, newer: { a: [1] } }
    expect(decodeServerFrame(JSON.stringify(more))).toEqual({ ok: true, message: more })
  })

  it.each(types)('refuses %s without one of its fields, or with one that is wrong', (type) => {
    const message = { type, ...usual[type] }
    for (const field of Object.keys(usual[type] ?? {})) {
      const { [field]: _, ...rest } = message as Record<string, unknown>
      expect(decodeServerFrame(JSON.stringify(rest)), `without ${field}`).toMatchObject({ ok: false })
    }
    for (const field of Object.keys(SERVER_FIELDS.get(type) ?? {})) {
      for (const wrong of [null, -1, 0.5, {}, [[]], 2 ** 53]) {
        const decoded = decodeServerFrame(JSON.stringify({ ...message, [field]: wrong }))
        expect(decoded.ok, `${field}: ${JSON.stringify(wrong)}`).toBe(false)
      }
    }
  })

  it.each([
    ['no user', { status: 'online' }],
    ['an empty user', { user: '', status: 'online' }],
    ['an odd status', { user: 'a', status: 'invisible' }],
    ['a negative last seen', { user: 'a', status: 'offline', lastSeen: -1 }],
    ['a last seen of null', { user: 'a', status: 'offline', lastSeen: null }],
    ['an odd accuracy', { user: 'a', status: 'offline', accuracy: 'vague' }],
    ['an odd reason', { user: 'a', status: 'offline', reason: 'toString' }],
    ['a text of a number', { user: 'a', status: 'online', text: 1 }],
    ['stale in words', { user: 'a', status: 'online', stale: 'yes' }],
    ['a record that is none', 7],
    ['a record of null', null],
  ])('refuses a presence record with %s', (_, record) => {
    for (const frame of [
      { type: 'PRESENCE_UPDATE', users: [{ user: 'good', status: 'online' }, record] },
      { type: 'snapshot', ref: 1, users: [record] },
    ]) {
      expect(decodeServerFrame(JSON.stringify(frame))).toMatchObject({ ok: false })
    }
  })

  it('passes over a type that it does not know, whatever else is in it', () => {
    for (const type of ['newer', '__proto__', 'toString', 'hello', '']) {
      expect(decodeServerFrame(JSON.stringify({ type, ref: 'x' }))).toEqual({ ok: true, message: null })
    }
    expect(decodeServerFrame('{"ref":1}').ok).toBe(false)
    expect(decodeServerFrame('[]').ok).toBe(false)
  })

  it('never throws, and gives only messages of the table', () => {
    const check = (frame: string): void => {
      const decoded = decodeServerFrame(frame)
      if (decoded.ok && decoded.message) expect(types).toContain(decoded.message.type)
    }
    fc.assert(fc.property(anyUnits(), check))
    fc.assert(fc.property(fc.json(), check))
    fc.assert(
      fc.property(anyNearMiss(), (value) => check(JSON.stringify(value))),
      { numRuns: 2_000 },
    )
  })

  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(anyServerMessage(), (message: ServerMessage) => {
        expect(decodeServerFrame(encode(message))).toEqual({ ok: true, message })
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('presence records', () => {
  it('come back from the wire as they were, in a snapshot and in changes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyUserId(), anyView()), { maxLength: 5 }),
        fc.nat(),
        fc.boolean(),
        (all, ref, more) => {
          const records = all.map(([user, view]) => encodePresence(user, view))
          for (const frame of [snapshotFrame(ref, records, more), changesFrame(records)]) {
            const decoded = decodeServerFrame(frame)
            const message = decoded.ok ? (decoded.message as Snapshot | PresenceChanges) : undefined
            expect(message?.users.map((wire) => [wire.user, decodePresence(wire)])).toEqual(all)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('leave out what is null, false or exact', () => {
    const view = {
      status: 'online',
      lastSeen: null,
      lastSeenAccuracy: null,
      reason: null,
      statusText: null,
      stale: false,
    }
    expect(encodePresence('a', view as never)).toBe('{"user":"a","status":"online"}')
    const seen = { ...view, status: 'offline', lastSeen: 0, lastSeenAccuracy: 'exact', statusText: '' }
    expect(encodePresence('a', seen as never)).toBe('{"user":"a","status":"offline","lastSeen":0,"text":""}')
  })

  it('keep the ref and the more of their snapshot', () => {
    expect(decodeServerFrame(snapshotFrame(7, [], true))).toEqual({
      ok: true,
      message: { type: 'snapshot', ref: 7, users: [], more: true },
    })
    expect(decodeServerFrame(snapshotFrame(0, [], false))).toEqual({
      ok: true,
      message: { type: 'snapshot', ref: 0, users: [] },
    })
  })
})

describe('user ids', () => {
  it('may be as strange as they like, and stay apart', () => {
    expect(STRANGE_IDS.filter((id) => !isUserId(id))).toEqual([])
    expect(new Set(STRANGE_IDS.map((id) => Buffer.from(id).toString('hex'))).size).toBe(STRANGE_IDS.length)
  })

  it('that are accepted survive UTF-8 unchanged, within their bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), anyUnits()),
        fc.integer({ min: 1, max: 64 }),
        (id, most) => {
          const bytes = Buffer.from(id)
          expect(isUserId(id, most)).toBe(id !== '' && bytes.length <= most && bytes.toString() === id)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it.each([undefined, null, 1, true, {}, [], ['a'], Symbol('a'), new String('a')])('are no %s', (value) => {
    expect(isUserId(value)).toBe(false)
  })

  it('are measured in UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(utf8Length(value)).toBe(Buffer.byteLength(value))
      }),
    )
  })
})

/** Text of any units at all, many of them surrogates, some of these in pairs. */
function anyUnits(): fc.Arbitrary<string> {
  const unit = fc.oneof(fc.integer({ max: 0xffff, min: 0 }), fc.integer({ min: 0xd800, max: 0xdfff }))
  return fc.array(unit, { maxLength: 40 }).map((units) => String.fromCharCode(...units))
}

/** Objects with the names and values that messages are made of, put together at random. */
function anyNearMiss(): fc.Arbitrary<unknown> {
  const names = new Set([...CLIENT_FIELDS, ...SERVER_FIELDS].flatMap(([, fields]) => Object.keys(fields)))
  const value = fc.oneof(
    fc.constantFrom('online', 'busy', 'offline', 'auto', 'exact', 'leave', 'LIMIT', '', '__proto__'),
    fc.constantFrom(0, 1, -1, 0.5, 2 ** 53, null, true, false),
    fc.array(
      fc.oneof(
        fc.constantFrom('a', '', '\ud800', 1, null),
        fc.record({ user: fc.string(), status: fc.string() }),
      ),
    ),
    fc.jsonValue(),
  )
  return fc
    .tuple(
      fc.constantFrom(...CLIENT_FIELDS.keys(), ...SERVER_FIELDS.keys(), 'nonsense', 7),
      fc.dictionary(fc.constantFrom(...names, '__proto__', 'constructor'), value),
    )
    .map(([type, members]) => ({ type, ...members }))
}
