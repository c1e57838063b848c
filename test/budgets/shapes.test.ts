/**
 * Records have one shape, however often they were changed: for each new one V8 compiles anew what reads records. A third of the
 * first bursts of a server was that.
 */
import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { EMPTY_RECORD, type UserRecord } from '../../src/core/record.ts'
import { applyChange, type RecordChange } from '../../src/core/record-change.ts'

setFlagsFromString('--allow-natives-syntax')
const haveSameShape = runInThisContext('((one, other) => %HaveSameMap(one, other))') as (
  one: object,
  other: object,
) => boolean

const NOW = 1_700_000_000_000
const open = (id: string): RecordChange => ({
  type: 'open',
  session: { id, node: 'node', activity: 'online' },
  previous: null,
})
const setActivity = (activity: 'online' | 'away'): RecordChange => ({
  type: 'activity',
  session: 'first',
  activity,
})
const choose = (status: 'busy' | 'auto', at: number): RecordChange => ({
  type: 'choose',
  status,
  text: null,
  until: null,
  at,
})
const end = (session: string, at: number): RecordChange => ({
  type: 'end',
  session,
  reason: 'leave',
  at,
  accuracy: 'exact',
})

function changed(record: UserRecord, changes: readonly RecordChange[]): UserRecord {
  return changes.reduce((so, change, index) => applyChange(so, change, NOW + index), record)
}

describe('a record keeps its shape', () => {
  test('of a user who comes, changes, chooses and goes, again and again', () => {
    const day = (start: number): RecordChange[] => [
      open('first'),
      setActivity('away'),
      setActivity('online'),
      open('second'),
      choose('busy', start),
      choose('auto', start + 1),
      end('second', start + 2),
      end('first', start + 3),
    ]
    let record = EMPTY_RECORD
    const evenings = Array.from({ length: 10 }, (_, index) => {
      record = changed(record, day(NOW + index))
      return record
    })
    for (const evening of evenings) expect(haveSameShape(evening, evenings[0] as UserRecord)).toBe(true)
  })

  test('of who is only active, and their sessions', () => {
    const [first, ...later] = Array.from({ length: 10 }, (_, count) => {
      const turns = Array.from({ length: count }, (__, turn) =>
        setActivity(turn % 2 === 0 ? 'away' : 'online'),
      )
      return changed(EMPTY_RECORD, [open('first'), ...turns])
    })
    for (const record of later) {
      expect(haveSameShape(record, first as UserRecord)).toBe(true)
      expect(haveSameShape(record.sessions[0] as object, first?.sessions[0] as object)).toBe(true)
    }
  })
})
