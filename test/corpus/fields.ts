/**
 * Every field of every message of a client with every wrong kind of value. What is right is written down here a
 * second time, from docs/protocol.md and not from the code; only the names come from the code's table, so that a
 * field cannot be added there without an entry here.
 */
import { CLIENT_FIELDS } from '../../src/core/fields.ts'
import { type ConnectionState, type MalformedFrame, objectText, TOKEN, type Verdict } from './case.ts'

/** A kind of field: which of the common values it takes, and what else is wrong with it. */
interface Kind {
  readonly takes: readonly string[]
  /** Values that break a rule of this kind alone. */
  readonly wrong?: Readonly<Record<string, string>>
  /** Values with a verdict of their own. */
  readonly verdicts?: Readonly<Record<string, Verdict>>
}

interface Field {
  readonly kind: Kind
  readonly required?: true
  /** The message around it, where it is not the usual one of its type. */
  readonly around?: Readonly<Record<string, string>>
}

/** Values as they stand in a frame. Each is wrong for most fields. */
const COMMON_VALUES: Readonly<Record<string, string>> = {
  null: 'null',
  true: 'true',
  false: 'false',
  zero: '0',
  one: '1',
  'minus one': '-1',
  half: '0.5',
  'the smallest fraction': '5e-324',
  'two to the 53rd': '9007199254740992',
  'more than a double holds': '1e400',
  'less than a double holds': '-1e400',
  'an empty string': '""',
  'a string': '"some string"',
  'a number in a string': '"1"',
  NaN: 'NaN',
  undefined: 'undefined',
  'an empty array': '[]',
  'an array of one': '[1]',
  'an array of null': '[null]',
  'an empty object': '{}',
  'an object like an array': '{"0":"a","length":1}',
  'a huge string': `"${'x'.repeat(5_000)}"`,
}

const text = (value: string): string => JSON.stringify(value)
const LONE_SURROGATES = {
  'a high surrogate alone': '"\\ud800"',
  'a low surrogate alone': '"a\\udc00b"',
  'a pair the wrong way round': '"\\udc00\\ud800"',
}

const whole = ['zero', 'one']
const reference: Kind = { takes: whole }
const flag: Kind = { takes: ['true', 'false'] }
const duration: Kind = { takes: whole, wrong: { 'more than ten years': '315360000001' } }
const version: Kind = { takes: ['one'], verdicts: { zero: 4002 }, wrong: { 'a version in words': '"v1"' } }
const strings = ['a string', 'a number in a string']
const token: Kind = {
  takes: strings,
  wrong: {
    'a byte too many': text('x'.repeat(4_097)),
    'a byte too many in characters of two bytes': text(`x${'é'.repeat(2_048)}`),
  },
}
const name: Kind = { takes: strings, wrong: { 'a unit too many': text('x'.repeat(129)) } }
const statusText: Kind = {
  takes: [...strings, 'null', 'an empty string'],
  wrong: {
    'a unit too many': text('x'.repeat(141)),
    'a unit too many, of a pair': text(`x${'\u{1f600}'.repeat(70)}`),
    ...LONE_SURROGATES,
  },
}
const status: Kind = {
  takes: [],
  wrong: {
    'a status that only others see': '"unknown"',
    capitals: '"ONLINE"',
    'a space behind': '"online "',
    'a name from the prototype': '"toString"',
    proto: '"__proto__"',
    'an array of a status': '["online"]',
  },
}

/** Ids that can be none, each as the only one and behind a good one. */
const WRONG_IDS: Readonly<Record<string, string>> = {
  'an id that is empty': '""',
  'an id of null': 'null',
  'an id of a number': '7',
  'an id of true': 'true',
  'an id of an array': '["a"]',
  'an id of an object': '{"id":"a"}',
  'an id of 129 bytes': text('x'.repeat(129)),
  'an id of 130 bytes in 65 units': text('é'.repeat(65)),
  'an id of 129 bytes in 43 units': text('€'.repeat(43)),
  'an id of 132 bytes in 66 units': text('\u{1f600}'.repeat(33)),
  'an id of 10,000 bytes': text('x'.repeat(10_000)),
  ...Object.fromEntries(Object.entries(LONE_SURROGATES).map(([label, id]) => [`an id of ${label}`, id])),
}
const idLists: Record<string, string> = {}
for (const [label, id] of Object.entries(WRONG_IDS)) {
  idLists[label] = `[${id}]`
  idLists[`${label}, behind a good one`] = `["a",${id}]`
}
const badId = (labels: readonly string[]): Record<string, Verdict> =>
  Object.fromEntries(labels.map((label) => [label, 'BAD_ID']))
const ids: Kind = {
  takes: ['an empty array'],
  wrong: idLists,
  verdicts: badId(['an array of one', 'an array of null', ...Object.keys(idLists)]),
}

const choice = { status: '"busy"' }

/** Every field, by type and name. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  hello: {
    version: { kind: version, required: true },
    token: { kind: token },
    device: { kind: name },
    previous: { kind: name },
  },
  PRESENCE_UPDATE: {
    status: { kind: status, required: true },
    chosen: { kind: flag },
    text: { kind: statusText, around: choice },
    expiresInMs: { kind: duration, around: choice },
    ref: { kind: reference },
  },
  subscribe: { users: { kind: ids, required: true }, ref: { kind: reference, required: true } },
  unsubscribe: { users: { kind: ids, required: true } },
  roster: { watch: { kind: flag, required: true }, ref: { kind: reference, required: true } },
  fetch: { users: { kind: ids, required: true }, ref: { kind: reference, required: true } },
  token: { token: { kind: token, required: true } },
  heartbeat: {},
}

/** A usual message of each type, without its name. */
const USUAL: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  hello: { version: '1', token: text(TOKEN) },
  PRESENCE_UPDATE: { status: '"online"' },
  subscribe: { users: '["a"]', ref: '1' },
  unsubscribe: { users: '["a"]' },
  roster: { watch: 'true', ref: '1' },
  fetch: { users: '["a"]', ref: '1' },
  token: { token: text(TOKEN) },
  heartbeat: {},
}

/** A usual frame of a type. */
export function usualFrame(type: string, members: Readonly<Record<string, string>> = {}): string {
  return objectText({ type: text(type), ...USUAL[type], ...members })
}

/** The state in which a message of this type is in its place. */
export function usualState(type: string): ConnectionState {
  if (type === 'hello') return 'before-hello'
  return type === 'PRESENCE_UPDATE' ? 'after-hello' : 'announced'
}

/** All types with all fields, of the code's table; throws where this table has no entry. */
function everyField(): { type: string; field: string; entry: Field }[] {
  return [...CLIENT_FIELDS].flatMap(([type, fields]) =>
    Object.keys(fields).map((field) => {
      const entry = FIELDS[type]?.[field]
      if (!entry) throw new Error(`The frame table does not know ${type}.${field}`)
      return { type, field, entry }
    }),
  )
}

function wrongValues(kind: Kind): (readonly [label: string, value: string, verdict: Verdict])[] {
  const common = Object.entries(COMMON_VALUES).filter(([label]) => !kind.takes.includes(label))
  return [...common, ...Object.entries(kind.wrong ?? {})].map(([label, value]) => [
    label,
    value,
    // Not JSON at all: no field was ever looked at.
    value === 'NaN' || value === 'undefined' ? 'BAD_MESSAGE' : (kind.verdicts?.[label] ?? 'BAD_MESSAGE'),
  ])
}

/** Every required field left out, and every field with every wrong value. */
export function fieldCases(): MalformedFrame[] {
  return everyField().flatMap(({ type, field, entry }) => {
    const members: Record<string, string> = { type: text(type), ...USUAL[type], ...entry.around }
    const { [field]: _, ...rest } = members
    const state = usualState(type)
    const wrong = wrongValues(entry.kind).map(
      ([label, value, expected]): MalformedFrame => ({
        name: `${type}.${field} is ${label}`,
        frame: objectText({ ...rest, [field]: value }),
        expected,
        state,
      }),
    )
    if (!entry.required) return wrong
    return [
      { name: `${type} without ${field}`, frame: objectText(rest), expected: 'BAD_MESSAGE', state },
      ...wrong,
    ]
  })
}
