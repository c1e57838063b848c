import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkChoice, MAX_CHOICE_MS, STATUS_CHOICES } from '../../src/core/choice.ts'
import { decodeClientFrame, encode } from '../../src/core/codec.ts'
import { DEFAULT_LIMITS } from '../../src/core/limits.ts'
import type { PresenceUpdate } from '../../src/core/messages.ts'

const { statusTextLength } = DEFAULT_LIMITS

function isTaken(status: unknown, text: unknown, expiresInMs: unknown): boolean {
  try {
    checkChoice(status, text, expiresInMs, statusTextLength)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG' })
    return false
  }
}

describe('a choice', () => {
  it('is taken at the door exactly where no server refuses its frame', () => {
    const text = fc.oneof(
      fc.constant(null),
      fc.string({ unit: 'binary', maxLength: 150 }),
      fc.constantFrom('\ud800', 'a\udfff', 'x'.repeat(140), 'x'.repeat(141)),
    )
    const expiresInMs = fc.oneof(fc.integer({ min: -2, max: MAX_CHOICE_MS + 2 }), fc.constant(MAX_CHOICE_MS))
    const status = fc.constantFrom(...STATUS_CHOICES, 'offline', 'unknown', 'Busy', '')
    fc.assert(
      fc.property(status, text, expiresInMs, (status, text, expiresInMs) => {
        const update = { type: 'PRESENCE_UPDATE', status, chosen: true, text, expiresInMs } as PresenceUpdate
        expect(isTaken(status, text, expiresInMs)).toBe(decodeClientFrame(encode(update)).ok)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['a fraction of a millisecond', 'busy', undefined, 0.5],
    ['nothing but a status', 'auto', undefined, undefined],
    ['ten years', 'busy', null, MAX_CHOICE_MS],
  ])('may be %s', (_, status, text, expiresInMs) => {
    expect(isTaken(status, text, expiresInMs)).toBe(true)
  })

  it.each([
    ['a number', 7, undefined, undefined],
    ['words of another kind', 'busy', 7, undefined],
    ['an end that is none', 'busy', undefined, Number.NaN],
    ['no end at all', 'busy', undefined, Number.POSITIVE_INFINITY],
    ['an end in words', 'busy', undefined, '5000'],
    ['more than ten years', 'busy', undefined, MAX_CHOICE_MS + 1],
  ])('may not be %s', (_, status, text, expiresInMs) => {
    expect(isTaken(status, text, expiresInMs)).toBe(false)
  })
})
