/** Malformed frames that no table of fields can think of. */
import { type ConnectionState, type MalformedFrame, nested, padTo, type Verdict } from './case.ts'
import { usualFrame } from './fields.ts'

/** Of docs/protocol.md, and of the defaults. */
export const FRAME_BYTES = 16_384
export const HELLO_FRAME_BYTES = 8_192

const inState =
  (state: ConnectionState, expected: Verdict) =>
  ([name, frame]: readonly [string, string | Uint8Array]): MalformedFrame => ({
    name,
    frame,
    expected,
    state,
  })

const heartbeat = usualFrame('heartbeat')
const subscribe = usualFrame('subscribe')
const hello = usualFrame('hello')

/** No JSON, or not one object. */
const NO_OBJECT: Readonly<Record<string, string>> = {
  'an empty frame': '',
  'a space': ' ',
  'a NUL': '\0',
  'a word': 'hello',
  'JSON with a BOM before it': `\ufeff${heartbeat}`,
  'JSON with a NUL behind it': `${heartbeat}\0`,
  'JSON with a comma behind it': `${heartbeat},`,
  'two objects': heartbeat + heartbeat,
  'two lines of JSON': `${heartbeat}\n${heartbeat}`,
  'an object without its end': subscribe.slice(0, -1),
  'an object without its start': subscribe.slice(1),
  'a string without its end': subscribe.slice(0, 12),
  'half of the frame': subscribe.slice(0, subscribe.length / 2),
  'one brace': '{',
  'single quotes': "{'type':'heartbeat'}",
  'a key without quotes': '{type:"heartbeat"}',
  'a comma too many': '{"type":"heartbeat",}',
  'a comment': '{"type":"heartbeat"/* alive */}',
  'a line break in a string': '{"type":"heart\nbeat"}',
  'an escape that is none': '{"type":"heart\\xbeat"}',
  'half an escape': '{"type":"\\ud8"}',
  'a no-break space between': '{"type":\u00a0"heartbeat"}',
  'a hexadecimal number': '{"type":"roster","watch":true,"ref":0x10}',
  'a leading zero': '{"type":"roster","watch":true,"ref":01}',
  'a plus sign': '{"type":"roster","watch":true,"ref":+1}',
  'a point without digits': '{"type":"roster","watch":true,"ref":1.}',
  'a bigint': '{"type":"roster","watch":true,"ref":1n}',
  null: 'null',
  true: 'true',
  false: 'false',
  'a number': '42',
  'a string': '"heartbeat"',
  'an empty array': '[]',
  'an array of a message': `[${heartbeat}]`,
  'an array of types': '["heartbeat"]',
  'an envelope on a socket of ours': `{"presencekit":${heartbeat}}`,
}

/** Objects that are no message. */
const NO_MESSAGE: Readonly<Record<string, string>> = {
  'no type': '{}',
  'no type, but fields': '{"users":["a"],"ref":1}',
  ...Object.fromEntries(
    ['null', 'true', '0', '1', '""', '[]', '{}', '["heartbeat"]', '{"type":"heartbeat"}'].map((type) => [
      `the type ${type}`,
      `{"type":${type}}`,
    ]),
  ),
  ...Object.fromEntries(
    [
      'nonsense',
      'Heartbeat',
      'HEARTBEAT',
      'heartbeat ',
      ' heartbeat',
      'heartbeat\0',
      'presence_update',
      'welcome',
      'snapshot',
      'self',
      'error',
      'renew',
      'close',
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'valueOf',
      'hasOwnProperty',
      'size',
      'get',
      'h\u0435artbeat',
      'x'.repeat(10_000),
    ].map((type) => [`the type ${JSON.stringify(type).slice(0, 30)}`, JSON.stringify({ type })]),
  ),
  'a type under another name': '{"Type":"heartbeat"}',
  'a type in the prototype': '{"__proto__":{"type":"heartbeat"}}',
  'a type in the prototype, in disguise': '{"\\u005f_proto__":{"type":"heartbeat"}}',
  'a type twice, the last one wrong': '{"type":"heartbeat","type":null}',
  'fields in the prototype': '{"type":"fetch","__proto__":{"users":["a"],"ref":1}}',
  'a ref in the prototype': '{"type":"fetch","users":["a"],"__proto__":{"ref":1}}',
  'a field twice, the last one wrong': '{"type":"fetch","users":["a"],"users":"a","ref":1}',
  'a field in capitals': '{"type":"fetch","Users":["a"],"ref":1}',
}

/** Deeper or fuller than a frame may be. */
const TOO_MUCH: Readonly<Record<string, string>> = {
  '8,000 arrays': nested(8_000),
  '8,000 arrays without their end': '['.repeat(8_000),
  '2,500 objects': `${'{"a":'.repeat(2_500)}1${'}'.repeat(2_500)}`,
  '8,000 arrays in an unknown member': usualFrame('heartbeat', { extra: nested(8_000) }),
  'nine levels': usualFrame('heartbeat', { extra: nested(8) }),
  'nine levels in the list of users': usualFrame('subscribe', { users: nested(8) }),
  'nine levels, behind brackets in a string': usualFrame('heartbeat', {
    text: '"]]]]\\"]]]]"',
    extra: nested(8),
  }),
  '65 keys': usualFrame('heartbeat', manyKeys(64)),
  '65 times the same key': `{"type":"heartbeat"${',"a":1'.repeat(64)}}`,
  '1,500 keys': usualFrame('heartbeat', manyKeys(1_500)),
  '65 keys among objects of one': usualFrame('heartbeat', {
    extra: `[${Array.from({ length: 63 }, () => '{"a":1}').join(',')}]`,
  }),
}

/** Members that do not go together. */
const NOT_TOGETHER: Readonly<Record<string, string>> = {
  'a goodbye that is chosen': usualFrame('PRESENCE_UPDATE', { status: '"offline"', chosen: 'true' }),
  'a goodbye with a text': usualFrame('PRESENCE_UPDATE', { status: '"offline"', text: '"bye"' }),
  'a goodbye that lapses': usualFrame('PRESENCE_UPDATE', { status: '"offline"', expiresInMs: '1000' }),
  'a report with a text': usualFrame('PRESENCE_UPDATE', { text: '"hello"' }),
  'a report that clears the text': usualFrame('PRESENCE_UPDATE', { text: 'null' }),
  'a report with an empty text': usualFrame('PRESENCE_UPDATE', { text: '""' }),
  'a report that lapses': usualFrame('PRESENCE_UPDATE', { expiresInMs: '1000' }),
  'a report that lapses at once': usualFrame('PRESENCE_UPDATE', { status: '"away"', expiresInMs: '0' }),
  'a report that is not chosen, with a text': usualFrame('PRESENCE_UPDATE', {
    chosen: 'false',
    text: '"hello"',
  }),
  'a roster to watch without a ref': '{"type":"roster","watch":true}',
}

/** Right messages at the wrong moment. */
const WRONG_MOMENT: readonly MalformedFrame[] = [
  ...['PRESENCE_UPDATE', 'subscribe', 'unsubscribe', 'roster', 'fetch', 'token'].map((type) =>
    inState('before-hello', 'STATE')([`${type} before hello`, usualFrame(type)]),
  ),
  ...['subscribe', 'unsubscribe', 'roster', 'fetch'].map((type) =>
    inState('after-hello', 'STATE')([`${type} before the first PRESENCE_UPDATE`, usualFrame(type)]),
  ),
  ...['busy', 'invisible', 'auto'].map((status) =>
    inState(
      'after-hello',
      'STATE',
    )([
      `${status} as the first PRESENCE_UPDATE`,
      usualFrame('PRESENCE_UPDATE', { status: JSON.stringify(status) }),
    ]),
  ),
  ...['online', 'away'].map((status) =>
    inState(
      'after-hello',
      'STATE',
    )([
      `a chosen ${status} as the first PRESENCE_UPDATE`,
      usualFrame('PRESENCE_UPDATE', { status: JSON.stringify(status), chosen: 'true' }),
    ]),
  ),
  inState('after-hello', 'STATE')(['a second hello before the announcement', hello]),
  inState('announced', 'STATE')(['a second hello', hello]),
  inState(
    'announced',
    'STATE',
  )(['a second hello that names a session', usualFrame('hello', { previous: '"x"' })]),
]

/** What ends the connection. */
const FATAL: readonly MalformedFrame[] = [
  ...['0', '2', '9007199254740991'].map((version) =>
    inState('before-hello', 4002)([`version ${version}`, usualFrame('hello', { version })]),
  ),
  ...Object.entries({
    'an empty binary frame': new Uint8Array(),
    'a binary frame of JSON': bytesOf(heartbeat),
    'a binary frame of zeros': new Uint8Array(1_000),
  }).map(inState('announced', 1003)),
  inState('before-hello', 1003)(['a binary hello', bytesOf(hello)]),
  inState('after-hello', 1003)(['a binary PRESENCE_UPDATE', bytesOf(usualFrame('PRESENCE_UPDATE'))]),
  ...Object.entries({
    'a byte too many': padTo(FRAME_BYTES + 1, heartbeat),
    'a byte too many in fewer units than that': padTo(FRAME_BYTES + 1, heartbeat, '€'),
    'a megabyte': padTo(2 ** 20, heartbeat),
    'a megabyte of spaces': ' '.repeat(2 ** 20),
    'a long list of users': usualFrame('subscribe', { users: JSON.stringify(Array(5_000).fill('user')) }),
  }).map(inState('announced', 1009)),
  ...Object.entries({
    'a hello of a byte too many': padTo(HELLO_FRAME_BYTES + 1, hello),
    'a hello of a byte too many in fewer units than that': padTo(HELLO_FRAME_BYTES + 1, hello, '€'),
    'a hello with a huge token': usualFrame('hello', { token: `"${'x'.repeat(HELLO_FRAME_BYTES)}"` }),
  }).map(inState('before-hello', 1009)),
]

/** All of them. */
export const HAND_MADE: readonly MalformedFrame[] = [
  ...[NO_OBJECT, NO_MESSAGE, TOO_MUCH, NOT_TOGETHER].flatMap((frames) =>
    Object.entries(frames).map(inState('announced', 'BAD_MESSAGE')),
  ),
  ...['', '[]', '{', '{}', '{"type":"nonsense"}', nested(1_000)].map((frame) =>
    inState('before-hello', 'BAD_MESSAGE')([`in place of hello: ${frame.slice(0, 20)}`, frame]),
  ),
  ...WRONG_MOMENT,
  ...FATAL,
]

/** Members that nobody knows. */
export function manyKeys(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, '1']))
}

function bytesOf(frame: string): Uint8Array {
  return new TextEncoder().encode(frame)
}
