import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UNKNOWN_VIEW } from '../../src/core/model.ts'
import type { Change, Pending } from '../../src/server/entities.ts'
import { changesIn, createPending, keep } from '../../src/server/pending.ts'

const USERS = ['alice', 'bob', 'carol', 'dave']

/** What happens to a session: somebody it watches is told of, it is told of somebody alone, or its frame goes out. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('tell' as const), user: fc.constantFrom(...USERS) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('show' as const), user: fc.constantFrom(...USERS) }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'flush' as const, user: '' }) },
  ),
  { maxLength: 60 },
)

test('S11: of each user it holds what was seen before the first change and what is to be seen after the last', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      let tellings = 0
      let pending: Pending | null = null
      let model = new Map<string, { before: string; update: string }>()
      const toldAt = new Map<string, number>()
      taken.forEach(({ do: what, user }, index) => {
        if (what === 'flush') {
          pending = null
          model = new Map()
          return
        }
        const update = `${index}`
        const change = { user, before: `before ${update}`, update } as Change
        const toldBefore = toldAt.get(user) ?? 0
        if (what === 'tell') toldAt.set(user, ++tellings)
        pending ??= createPending(tellings)
        keep(pending, { ...change, text: update, view: UNKNOWN_VIEW }, what === 'tell' ? toldBefore : null)
        model.set(user, { before: model.get(user)?.before ?? change.before, update })
        const held = [...changesIn(pending)].map((one) => [
          one.user,
          { before: one.before, update: one.update },
        ])
        expect(held).toEqual([...model])
      })
    }),
    { numRuns: 1_000 },
  )
})
