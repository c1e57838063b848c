/** Frames that look odd and that a server must take. */
import { type ConnectionState, nested, padTo, TOKEN, type ValidFrame } from './case.ts'
import { usualFrame } from './fields.ts'
import { FRAME_BYTES, HELLO_FRAME_BYTES, manyKeys } from './hand-made.ts'

const all = (state: ConnectionState, frames: Readonly<Record<string, string>>): ValidFrame[] =>
  Object.entries(frames).map(([name, frame]) => ({ name, frame, state }))

const heartbeat = usualFrame('heartbeat')
const hello = usualFrame('hello')
const text = (value: string): string => JSON.stringify(value)
const chosen = (members: Readonly<Record<string, string>>): string =>
  usualFrame('PRESENCE_UPDATE', { status: '"busy"', ...members })

/** Ids that can be some, however odd. Each stands for a user of its own. */
export const STRANGE_IDS: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '0',
  'null',
  'undefined',
  ' ',
  'a b',
  'a\tb\n',
  '\0',
  '\u0001\u007f\u0085',
  '\ufeff',
  '\u202eabc',
  '\u200b',
  '*',
  'user:{1}',
  '{}',
  '../../etc',
  "'; drop table users; --",
  'é',
  'e\u0301',
  'İ',
  '用户',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  '\uffff',
  '\u{10ffff}',
  'x'.repeat(128),
  'é'.repeat(64),
  '\u{1f600}'.repeat(32),
]

/** All of them. */
export const STRANGE_BUT_VALID: readonly ValidFrame[] = [
  ...all('before-hello', {
    'a hello that names a session of long ago': usualFrame('hello', { previous: '"gone"' }),
    'a hello with a device of 128 units': usualFrame('hello', { device: text('é'.repeat(128)) }),
    'a hello with a device from the prototype': usualFrame('hello', { device: '"__proto__"' }),
    'a hello with members that nobody knows': usualFrame('hello', {
      features: '["a"]',
      constructor: '{"name":1}',
    }),
    'a hello of as many bytes as may be': padTo(HELLO_FRAME_BYTES, hello),
    'a hello in another order, with spaces': `\n{ "token" : ${text(TOKEN)} , "version" : 1.0 , "type" : "hello" }\t`,
  }),
  ...all('after-hello', {
    'a report that says not chosen': usualFrame('PRESENCE_UPDATE', { chosen: 'false' }),
    'an announcement as away': usualFrame('PRESENCE_UPDATE', { status: '"away"' }),
    'a ref of 0': usualFrame('PRESENCE_UPDATE', { ref: '0' }),
    'a new token before the announcement': usualFrame('token'),
  }),
  ...all('announced', {
    'a heartbeat with a space': '{"type": "heartbeat"}',
    'a heartbeat with escapes': '{"\\u0074ype":"heart\\u0062eat"}',
    'a type twice, the last one right': '{"type":"nonsense","type":"heartbeat"}',
    'a member that nobody knows': usualFrame('heartbeat', { more: '{"a":[1,null,true]}' }),
    'a member that other messages have': usualFrame('heartbeat', { users: '[7]', ref: '-1', status: 'null' }),
    'a prototype as a member': '{"type":"heartbeat","__proto__":{"type":"nonsense"}}',
    'a constructor as a member': '{"type":"heartbeat","constructor":{"prototype":{"type":1}}}',
    'toString as a member': usualFrame('fetch', { toString: '1', valueOf: '1', hasOwnProperty: '1' }),
    'an empty key': usualFrame('heartbeat', { '': '1' }),
    'a lone surrogate in a member that nobody knows': usualFrame('heartbeat', { extra: '"\\ud800"' }),
    'eight levels': usualFrame('heartbeat', { extra: nested(7) }),
    'eight levels, many times': usualFrame('heartbeat', {
      extra: `[${Array(200).fill(nested(6)).join(',')}]`,
    }),
    '64 keys': usualFrame('heartbeat', manyKeys(63)),
    'as many bytes as may be': padTo(FRAME_BYTES, heartbeat),
    'as many bytes as may be, in fewer units': padTo(FRAME_BYTES, heartbeat, '€'),
    'brackets in a string': usualFrame('heartbeat', { extra: text('[{'.repeat(50)) }),
    'colons in a string': usualFrame('heartbeat', { extra: text(':'.repeat(500)) }),
    'quotes in a string': usualFrame('heartbeat', { extra: text('\\"[{'.repeat(50)), more: nested(7) }),
    'no users': usualFrame('subscribe', { users: '[]' }),
    'no users to unsubscribe': usualFrame('unsubscribe', { users: '[]' }),
    'the same user twice': usualFrame('subscribe', { users: '["a","a"]' }),
    'all strange ids at once': usualFrame('subscribe', { users: text(STRANGE_IDS as never) }),
    'unsubscribe from a stranger': usualFrame('unsubscribe', { users: '["never heard of"]' }),
    ...Object.fromEntries(
      STRANGE_IDS.map((id) => [
        `the id ${text(id).slice(0, 20)}`,
        usualFrame('fetch', { users: `[${text(id)}]` }),
      ]),
    ),
    'an id in escapes': usualFrame('fetch', { users: '["\\u0061\\ud83d\\ude00"]' }),
    'the largest ref': usualFrame('fetch', { ref: '9007199254740991' }),
    'a ref with a fraction of 0': usualFrame('fetch', { ref: '7.0' }),
    'a ref with an exponent': usualFrame('fetch', { ref: '1e3' }),
    'a ref of minus 0': usualFrame('fetch', { ref: '-0' }),
    'a roster left without a ref': '{"type":"roster","watch":false}',
    'a roster left with a ref': '{"type":"roster","watch":false,"ref":3}',
    'a chosen online': usualFrame('PRESENCE_UPDATE', { chosen: 'true', text: '"here"', expiresInMs: '1000' }),
    'a choice that says chosen': chosen({ chosen: 'true' }),
    'no choice any more': usualFrame('PRESENCE_UPDATE', { status: '"auto"' }),
    'no choice, but a text': usualFrame('PRESENCE_UPDATE', { status: '"auto"', text: '"on a train"' }),
    'a text of null': chosen({ text: 'null' }),
    'an empty text': chosen({ text: '""' }),
    'a text of 140 units': chosen({ text: text('\u{1f600}'.repeat(70)) }),
    'a text of control characters and markup': chosen({ text: text('\0\u202e<script>alert(1)</script>') }),
    'a choice that lapses at once': chosen({ expiresInMs: '0' }),
    'a choice for ten years': chosen({ expiresInMs: '315360000000' }),
  }),
]
