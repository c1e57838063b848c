/**
 * Answers what the node's machine asks about users: whom to tell of somebody, and how much a viewer sees of others. Here
 * contacts and privacy come together; the rule itself is in core/visibility.
 *
 * For everyone who is asked about the same is looked up, whether they exist, are hidden, or have blocked the viewer: being
 * refused costs what being answered costs (S7).
 */
import { type Awaitable, isPromise } from '../core/awaitable.ts'
import { isOpen, judgeFor, type Privacy } from '../core/visibility.ts'
import type { Clock } from '../core/clock.ts'
import { countOf, type IdSet } from '../core/id-set.ts'
import type { Limits } from '../core/limits.ts'
import type { ContactsAdapter } from './contacts/contract.ts'
import { createContactsReader } from './contacts/reader.ts'
import { createLanes } from './contacts/lanes.ts'
import { andThen, inSteps, isLong, type Pace } from './contacts/waiting.ts'
import type { AudienceQuestion, Judgement, SightsQuestion, Told } from './machine.ts'
import type { PrivacyAdapter } from './privacy/contract.ts'
import { createSettingsReader } from './settings.ts'
import { Sights } from './sights.ts'

/** What the machine asks. */
export interface Judging {
  audience(question: AudienceQuestion): Awaitable<Told>
  /** How much a viewer sees. */
  sights(question: SightsQuestion): Awaitable<Judgement>
  /** What is kept of a user does not count any more; `null`: of anybody. */
  invalidate(user: string | null): void
}

const NONE: readonly string[] = []
/**
 * So many long lists are gone through at a time. What is known of each so far is kept until all of it has gone out: a thousand lists
 * of 5,000 side by side took 1.3 GB, and a quarter of the time for collecting garbage.
 */
const LONG_LISTS_AT_ONCE = 8

export function createJudging(
  adapters: { readonly contacts: ContactsAdapter; readonly privacy: PrivacyAdapter | undefined },
  limits: Pick<Limits, 'contacts' | 'contactsTimeoutMs' | 'idBytes'>,
  clock: Clock,
): Judging {
  const contacts = createContactsReader(adapters.contacts, limits, clock)
  const settings = createSettingsReader(adapters.privacy, limits.contactsTimeoutMs, clock)
  const inLane = createLanes(LONG_LISTS_AT_ONCE, clock)
  const look = (
    viewer: string,
    targets: IdSet,
    isContact: (id: string) => boolean,
    pace?: Pace,
  ): Awaitable<Sights> =>
    andThen(settings.own(viewer), (by) => {
      const seen = new Sights()
      const now = clock.now()
      const judge = judgeFor(viewer, by)
      const note = (target: string, of: Privacy): void => {
        const sight = judge(target, of, isContact(target))
        if (sight !== 'nothing') seen.add(target, sight)
      }
      // A hundred for each who comes: nothing is made anew where the answer is there.
      const lookAt = (target: string): Awaitable<void> => {
        const of = settings.asked(target, now)
        return isPromise(of) ? of.then((late) => note(target, late)) : note(target, of)
      }
      return andThen(inSteps([...targets], lookAt, pace), () => seen)
    })

  // What is made for a long list is made when its turn comes: what waits in line grows old, and keeps what it holds.
  const sightsOf = (viewer: string, targets: IdSet, isContact: (id: string) => boolean): Awaitable<Sights> =>
    isLong(countOf(targets))
      ? inLane((pace) => look(viewer, targets, isContact, pace))
      : look(viewer, targets, isContact)

  const roster = (viewer: string): Awaitable<Sights> => {
    const all = () => true
    // Then whoever is in the list may be seen, as far as the contacts go.
    if (!adapters.privacy || adapters.contacts.symmetric === true)
      return andThen(contacts({ about: 'roster', user: viewer }), (ids) => sightsOf(viewer, ids, all))
    return andThen(contacts({ about: 'own', user: viewer }), (own) => among(viewer, [...own]))
  }

  const among = (viewer: string, targets: readonly string[]): Awaitable<Sights> =>
    andThen(contacts({ about: 'visible', user: viewer, among: targets }), (visible) =>
      sightsOf(viewer, targets, (id) => visible.has(id)),
    )

  const strangers = (viewer: string, targets: readonly string[]): Awaitable<readonly string[]> =>
    andThen(contacts({ about: 'own', user: viewer }), (own) =>
      targets.filter((id) => id !== viewer && !own.has(id)),
    )

  return {
    audience({ about, user }) {
      const list = () => contacts({ about: 'contacts', user })
      if (about === 'contacts') return list()
      return andThen(settings.own(user), (privacy: Privacy) => (isOpen(privacy) ? 'everyone' : list()))
    },
    sights({ viewer, among: targets, counted }) {
      if (targets === null) return andThen(roster(viewer), (sights) => ({ sights, strangers: NONE }))
      const sights = among(viewer, targets)
      if (!counted) return andThen(sights, (found) => ({ sights: found, strangers: NONE }))
      return both(sights, () => strangers(viewer, targets))
    },
    invalidate(user) {
      settings.invalidate(user)
      if (user !== null) adapters.contacts.invalidate?.(user)
    },
  }
}

/** Asks for the second while the first is under way. */
function both(
  sights: Awaitable<Sights>,
  strangers: () => Awaitable<readonly string[]>,
): Awaitable<Judgement> {
  if (!isPromise(sights)) return andThen(strangers(), (others) => ({ sights, strangers: others }))
  const others = (async () => strangers())()
  return Promise.all([sights, others]).then(([found, strange]) => ({ sights: found, strangers: strange }))
}
