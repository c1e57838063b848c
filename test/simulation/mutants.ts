/**
 * Bugs that are put in on purpose, one at a time and in memory only: each is one that somebody has shipped somewhere
 * (see docs/promises.md), and a simulator that does not find it proves nothing.
 */
import type { PromiseId } from './promises.ts'

/** Where a bug is put in. */
export interface Place {
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}

export interface Mutant extends Place {
  readonly name: string
  /** Where two lines of defence stand one behind the other: the second one, in another file. */
  readonly also?: Place
  /** The promises by whose breach it may show first. */
  readonly breaks: readonly PromiseId[]
  /** Where to begin to look for one that is seldom met. @defaultValue 1 */
  readonly seed?: number
  /** Who got it wrong so, and what users see. */
  readonly why: string
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'late-close-ends-new-session',
    file: 'src/server/session.ts',
    find: 'if (previous) supersede(node, previous, now, out)',
    replace: 'if (previous) Object.assign(session, { id: previous.id })',
    breaks: ['S2', 'S9', 'S10', 'S12', 'S15', 'SOUND'],
    why: 'a session that keeps its id over a reconnect dies with its old socket, when that times out at last',
  },
  {
    name: 'refresh-resurrects',
    file: 'src/server/endings.ts',
    find: "end(node, session, 'leave', at, now, out)",
    replace: `end(node, session, 'leave', at, now, out)
      const late = { id: session.id, node: node.config.address + '.1', activity: 'online' } as const
      if (session.user) changePresence(node, session.user, { type: 'open', session: late, previous: null }, null, out)`,
    breaks: ['S12', 'S9', 'S1'],
    why: 'a late refresh brings back what was removed (Centrifuge)',
  },
  {
    name: 'counter-instead-of-set',
    file: 'src/core/record-change.ts',
    find: 'const sessions = record.sessions.filter((session) => !isOver(session))',
    replace: 'const sessions = record.sessions.slice(1)',
    breaks: ['S1', 'S2', 'S9', 'S10', 'S12', 'S15'],
    why: 'one fewer, whichever it was: counts drift, and an end that is told twice counts twice (deepstream)',
  },
  {
    name: 'any-close-is-offline',
    file: 'src/core/record-change.ts',
    find: 'const sessions = record.sessions.filter((session) => !isOver(session))',
    replace: 'const sessions: typeof record.sessions = []',
    breaks: ['S2', 'S10', 'S12', 'S15'],
    why: 'one of two devices closes and the user shows offline (every hand-made SETEX)',
  },
  {
    name: 'same-version-is-newer',
    file: 'src/client/machine/subscription.ts',
    find: 'version <= previous.version',
    replace: 'version < previous.version',
    breaks: ['S3', 'S11'],
    why: '`>=` for `>`: a listener is called again with the record that it has',
  },
  {
    name: 'no-grace',
    file: 'src/server/endings.ts',
    find: 'if (endsAt <= now)',
    replace: 'if (session.phaseEndsAt > 0)',
    breaks: ['S10'],
    why: 'everybody flickers at each reload (Discourse, Chatkit, Stream)',
  },
  {
    name: 'grace-after-goodbye',
    file: 'src/server/endings.ts',
    find: "end(node, session, 'leave', at, now, out)",
    replace: 'drop(node, session, now, out)',
    breaks: ['S9'],
    why: 'who logs out is shown online for some seconds more',
  },
  {
    name: 'last-seen-is-detection',
    file: 'src/server/endings.ts',
    find: "end(node, session, 'expire', lastLife(node, session), now, out)",
    replace: "end(node, session, 'expire', lastLife(node, session) + node.config.timing.timeoutMs, now, out)",
    breaks: ['S6'],
    why: 'last seen is when the server found out, minutes later (ejabberd)',
  },
  {
    name: 'snapshot-overwrites-newer',
    file: 'src/server/snapshot.ts',
    find: `if (pushed && isNewer(pushed.version, record)) return pushed.view
  const watched = node.watched.get(user)
  if (watched?.told && isNewer(watched.version, record)) return watched.told.view
`,
    replace: '',
    breaks: ['S3', 'S4'],
    seed: 1131,
    why: 'the answer to a question is older than the change that overtook it',
  },
  {
    name: 'half-open-is-kept',
    file: 'src/core/heartbeat.ts',
    find: "if (isOver(state, now, timing.timeoutMs, state.beatAt)) return 'expired'",
    replace: '',
    breaks: ['S1', 'L6'],
    why: 'a cable is cut, no close ever comes: online for ever',
  },
  {
    name: 'superseded-stays',
    file: 'src/core/record-change.ts',
    find: 'const others = record.sessions.filter(({ id }) => id !== previous || id === session.id)',
    replace: 'const others = record.sessions',
    breaks: ['S1', 'S12', 'S9'],
    why: 'each reload leaves a ghost of the session before, and ghosts are online for ever',
  },
  {
    name: 'watch-after-read',
    file: 'src/server/queries.ts',
    find: 'subscribe(node, session, added)',
    replace: '',
    breaks: ['S4', 'L1'],
    why: 'what changes between the snapshot and the start of the watch is lost',
  },
  {
    name: 'page-is-not-watched',
    file: 'src/server/snapshot.ts',
    find: 'if (byRoster && sights && session.user) watchByRoster(node, session.user, sights, visible, from)',
    replace: '',
    breaks: ['S4', 'L1'],
    why: 'whoever stands in a list is shown once and never again',
  },
  {
    name: 'changes-that-are-none',
    file: 'src/server/transition.ts',
    find: 'if (sameView(seen, view)) return',
    replace: '',
    breaks: ['S11'],
    why: 'every write is an event, whether anything visible has changed or not (Supabase)',
  },
  {
    name: 'passes-over-strays',
    file: 'src/server/tell.ts',
    find: 'const stray = watched.strays?.get(session)',
    replace: 'const stray = undefined',
    breaks: ['S4', 'L1'],
    seed: 5900,
    why: 'who subscribed between two changes keeps the first for ever; found here by the simulator itself',
  },
  {
    name: 'judges-before-reading',
    file: 'src/server/host.ts',
    find: "clock.defer(() => dispatch({ type: 'wake' }))",
    replace: "dispatch({ type: 'wake' })",
    also: {
      file: 'src/core/heartbeat.ts',
      find: 'if (state.reprievedUntil !== null || lateMs <= timeoutMs * STALL_PART) return true',
      replace: 'return true',
    },
    breaks: ['S2', 'S6', 'S10', 'S12', 'S15', 'SOUND'],
    why: 'a stall of the server ends sessions whose answers lie unread; found here by the simulator itself',
  },
  {
    name: 'strangers-are-shown',
    file: 'src/core/visibility.ts',
    find: "return isContact && rule !== 'nobody' &&",
    replace: "return rule !== 'nobody' &&",
    breaks: ['S7'],
    why: 'thousands of strangers tracked for months by their online status (WhatsApp)',
  },
  {
    name: 'old-socket-is-obeyed',
    file: 'src/client/machine/connection.ts',
    find: "if ('socket' in event && event.socket !== connection.socket) return",
    replace: '',
    breaks: ['SOUND', 'S3', 'L1', 'S10', 'S2'],
    why: 'the old connection times out after the new one is up, and takes it down (Socket.IO #4880)',
  },
  {
    name: 'no-resubscribe',
    file: 'src/client/machine/watch-list.ts',
    find: 'for (const key of list.wanted) list.changed.add(key)',
    replace: '',
    breaks: ['L1', 'S3'],
    why: 'after a reconnect the client is connected and deaf',
  },
]
