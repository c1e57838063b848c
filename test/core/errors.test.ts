import { describe, expect, it } from 'vitest'
import {
  CLOSE,
  closeMeaning,
  configError,
  FRAME_ERROR_CODES,
  PresenceError,
  type PresenceErrorCode,
} from '../../src/core/errors.ts'

describe('PresenceError', () => {
  const retryable: Readonly<Record<PresenceErrorCode, boolean>> = {
    BAD_MESSAGE: false,
    BAD_ID: false,
    STATE: false,
    TOO_LARGE: false,
    VERSION: false,
    BANNED: false,
    KICKED: false,
    SUPERSEDED: false,
    UNAUTHORIZED: false,
    TOKEN_EXPIRED: true,
    HELLO_TIMEOUT: true,
    RATE_LIMITED: true,
    LIMIT: false,
    SLOW_READER: true,
    UNAVAILABLE: true,
    RESTART: true,
    OVERLOAD: true,
    INTERNAL: true,
    CONFIG: false,
    TIMEOUT: true,
    CLOSED: false,
  }

  it.each(Object.entries(retryable))('%s: retryable is %s, and there is advice', (code, expected) => {
    const error = new PresenceError(code as PresenceErrorCode, 'text')
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'PresenceError', code, message: 'text', retryable: expected })
    expect(error.remediation).toMatch(/^[A-Z].*\.$/)
  })

  it('carries what lies beneath it, and when to try again', () => {
    const cause = new Error('beneath')
    expect(new PresenceError('RATE_LIMITED', 'text', { cause, retryAfterMs: 100 })).toMatchObject({
      cause,
      retryAfterMs: 100,
    })
    expect(new PresenceError('LIMIT', 'text').retryAfterMs).toBeUndefined()
  })
})

describe('closeMeaning', () => {
  it.each([
    [1000, null, 'reconnect'],
    [1001, null, 'reconnect'],
    [1002, 'BAD_MESSAGE', 'stop'],
    [1003, 'BAD_MESSAGE', 'stop'],
    [1005, null, 'reconnect'],
    [1006, null, 'reconnect'],
    [1007, 'BAD_MESSAGE', 'stop'],
    [1009, 'TOO_LARGE', 'stop'],
    [1011, 'INTERNAL', 'reconnect'],
    [1012, 'RESTART', 'reconnect'],
    [1013, 'OVERLOAD', 'reconnect'],
    [4000, 'BAD_MESSAGE', 'stop'],
    [4001, 'BANNED', 'stop'],
    [4002, 'VERSION', 'stop'],
    [4004, 'KICKED', 'stop'],
    [4005, 'SUPERSEDED', 'stop'],
    [4100, 'UNAUTHORIZED', 'token'],
    [4101, 'TOKEN_EXPIRED', 'token'],
    [4102, 'HELLO_TIMEOUT', 'reconnect'],
    [4200, 'RATE_LIMITED', 'slowly'],
    [4203, 'SLOW_READER', 'slowly'],
  ] as const)('%i means %s: %s', (close, code, reaction) => {
    expect(closeMeaning(close)).toEqual({ code, reaction })
  })

  it('knows every close code in use', () => {
    for (const code of Object.values(CLOSE)) {
      if (code > 1001) expect(closeMeaning(code).code, String(code)).not.toBeNull()
    }
  })

  it('lets a code that is not listed follow its range', () => {
    for (const code of [4003, 4006, 4099]) expect(closeMeaning(code).reaction, String(code)).toBe('stop')
    for (const code of [4103, 4199]) expect(closeMeaning(code).reaction, String(code)).toBe('token')
    for (const code of [4201, 4299]) expect(closeMeaning(code).reaction, String(code)).toBe('slowly')
    for (const code of [3000, 3999, 4300, 4999, 1004, 1010, 1014, 1015, 0, Number.NaN]) {
      expect(closeMeaning(code), String(code)).toEqual({ code: null, reaction: 'reconnect' })
    }
  })

  it('has no code that tells of somebody who is not a contact', () => {
    expect([...FRAME_ERROR_CODES].sort()).toEqual([
      'BAD_ID',
      'BAD_MESSAGE',
      'LIMIT',
      'RATE_LIMITED',
      'STATE',
      'UNAVAILABLE',
    ])
  })
})

describe('configError', () => {
  it.each([
    ['5', '"5"'],
    [5, '5'],
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'true'],
    [{ secret: 'x' }, 'an object'],
    [['secret'], 'an object'],
    [() => 'secret', 'a function'],
    [Symbol('s'), 'Symbol(s)'],
    [7n, '7'],
    [Object.create(null), 'an object'],
  ])('names the option, what it takes, and shows %o as %s', (given, shown) => {
    expect(configError('graceMs', 'a number', given)).toMatchObject({
      code: 'CONFIG',
      message: `graceMs: must be a number, but is ${shown}`,
    })
  })
})
