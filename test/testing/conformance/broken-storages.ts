/** Storages that are wrong, each in one way, and the sentence that it breaks. */
import type { NodeDirectory, ReadReply, StoredRecord } from '../../../src/server/index.ts'
import type { Break } from './opened.ts'

export interface Broken {
  readonly title: string
  /** A sentence of the contract that has to catch it, as the cases name it. */
  readonly breaks: string
  readonly wrap: Break
}

const ANY_TIME = { sentAt: 0, toleranceMs: Number.POSITIVE_INFINITY }

function broken(breaks: string, title: string, wrap: Break): Broken {
  return { breaks, title, wrap }
}

/** Changes what is read. */
function reading(change: (records: ReadReply['records']) => ReadReply['records']): Break {
  return (storage) => ({
    ...storage,
    async read(ids) {
      const reply = await storage.read(ids)
      return { ...reply, records: change(reply.records) }
    },
  })
}

/** Changes what is asked and answered of the directory. */
function inDirectory(change: (nodes: NodeDirectory) => Partial<NodeDirectory>): Break {
  return (storage) =>
    storage.nodes ? { ...storage, nodes: { ...storage.nodes, ...change(storage.nodes) } } : storage
}

/** Changes every id on the way in. */
function withIds(change: (id: string) => string): Break {
  return (storage) => ({
    ...storage,
    read: (ids) => storage.read(ids.map(change)),
    swap: (swaps, stamp) =>
      storage.swap(
        swaps.map((swap) => ({ ...swap, id: change(swap.id) })),
        stamp,
      ),
  })
}

/** Writes whatever stands there, in one step: what is below answers at once. */
const forgetsToCompare: Break = (storage) => ({
  ...storage,
  swap(swaps, stamp) {
    const { records } = storage.read(swaps.map(({ id }) => id)) as ReadReply
    return storage.swap(
      swaps.map((swap, index) => ({ ...swap, expected: records[index] ?? swap.expected })),
      stamp,
    )
  },
})

const comparesVersionsAlone: Break = (storage) => ({
  ...storage,
  async swap(swaps, stamp) {
    const { records } = await storage.read(swaps.map(({ id }) => id))
    return storage.swap(
      swaps.map((swap, index) => ({
        ...swap,
        expected: { ...swap.expected, epoch: records[index]?.epoch ?? 0 },
      })),
      stamp,
    )
  },
})

/** Looks, waits a turn, and writes: two that look at the same time both write. */
const comparesThenWrites: Break = (storage) => ({
  ...storage,
  async swap(swaps, stamp) {
    const { records } = await storage.read(swaps.map(({ id }) => id))
    const isExpected = swaps.every(
      ({ expected }, index) =>
        records[index]?.version === expected.version && records[index].epoch === expected.epoch,
    )
    await Promise.resolve()
    return isExpected ? forgetsToCompare(storage).swap(swaps, stamp) : storage.swap(swaps, stamp)
  },
})

const keepsWhatItWasGiven: Break = (storage) => {
  const given = new Map<string, StoredRecord>()
  return {
    ...storage,
    async swap(swaps, stamp) {
      const reply = await storage.swap(swaps, stamp)
      for (const [index, { id, expected, version, record }] of swaps.entries()) {
        if (reply.results[index] === 'done') given.set(id, { epoch: expected.epoch, version, record })
      }
      return reply
    },
    async read(ids) {
      const reply = await storage.read(ids)
      return {
        ...reply,
        records: reply.records.map((stored, index) =>
          stored?.version ? (given.get(ids[index] ?? '') ?? stored) : stored,
        ),
      }
    },
  }
}

/** One epoch for ever, as if nothing had been lost. */
const keepsItsEpoch: Break = (storage) => {
  const outside = (stored: StoredRecord): StoredRecord => ({ ...stored, epoch: 7 })
  return {
    ...reading((records) => records.map((stored) => stored && outside(stored)))(storage),
    async swap(swaps, stamp) {
      const { records } = await storage.read(swaps.map(({ id }) => id))
      const reply = await storage.swap(
        swaps.map((swap, index) => ({
          ...swap,
          expected: { ...swap.expected, epoch: records[index]?.epoch ?? 0 },
        })),
        stamp,
      )
      return {
        ...reply,
        results: reply.results.map((result) => (typeof result === 'object' ? outside(result) : result)),
      }
    },
  }
}

const makesUpRecords: Break = (storage) => ({
  ...storage,
  async read(ids) {
    try {
      return await storage.read(ids)
    } catch {
      return { records: ids.map(() => ({ epoch: 1, version: 0, record: null })) }
    }
  },
})

const hangsWhenBroken: Break = (storage) => ({
  ...storage,
  async read(ids) {
    try {
      return await storage.read(ids)
    } catch {
      return new Promise<never>(() => {})
    }
  },
})

let instances = 0

const tellsItsOwnTime: Break = (storage) => {
  const aheadMs = (instances++ % 2) * 90_000
  return {
    ...storage,
    async swap(swaps, stamp) {
      const reply = await storage.swap(swaps, stamp)
      return { ...reply, now: reply.now + aheadMs }
    },
  }
}

export const brokenStorages: readonly Broken[] = [
  broken(
    'storage 1',
    'answers in another order',
    reading((records) => [...records].reverse()),
  ),
  broken(
    'storage 1',
    'answers for each id once',
    reading((records) => [...new Set(records)]),
  ),
  broken(
    'storage 1',
    'answers for the first hundred',
    reading((records) => records.slice(0, 100)),
  ),
  broken('storage 1', 'writes behind', (storage) => {
    let last: Promise<unknown> = Promise.resolve()
    return {
      ...storage,
      async swap(swaps, stamp) {
        const before = last
        const reply = await storage.swap([], stamp)
        last = before
          .then(() => new Promise(setImmediate))
          .then(() => storage.swap(swaps, ANY_TIME))
          .catch(() => {})
        return { ...reply, results: swaps.map(() => 'done') }
      },
    }
  }),
  broken('storage 1', 'rounds instants', (storage) => ({
    ...storage,
    swap: (swaps, stamp) =>
      storage.swap(
        swaps.map((swap) => ({
          ...swap,
          record: { ...swap.record, lastSeen: Math.round(swap.record.lastSeen ?? 0) },
        })),
        stamp,
      ),
  })),
  broken('storage 2', 'does not compare', forgetsToCompare),
  broken('storage 2', 'compares versions alone', comparesVersionsAlone),
  broken('storage 2', 'compares first and writes later', comparesThenWrites),
  broken('storage 3', 'tells that it failed, but not what stands there', (storage) => ({
    ...storage,
    async swap(swaps, stamp) {
      const reply = await storage.swap(swaps, stamp)
      const results = reply.results.map((result) =>
        typeof result === 'object' ? { ...result, record: null } : result,
      )
      return { ...reply, results }
    },
  })),
  broken(
    'storage 4',
    'begins at version 1',
    reading((records) =>
      records.map((stored) => stored && { ...stored, version: Math.max(1, stored.version) }),
    ),
  ),
  broken(
    'storage 5',
    'takes ids in lower case',
    withIds((id) => id.toLowerCase()),
  ),
  broken(
    'storage 5',
    'takes ids in one Unicode form',
    withIds((id) => id.normalize()),
  ),
  broken(
    'storage 5',
    'cuts ids at a zero',
    withIds((id) => id.split('\0', 1).join()),
  ),
  broken(
    'storage 5',
    'trims ids',
    withIds((id) => id.trim()),
  ),
  broken('storage 6', 'begins no new epoch', keepsItsEpoch),
  broken('storage 7', 'keeps the records that it was given', keepsWhatItWasGiven),
  broken('storage 8', 'makes up records when it fails', makesUpRecords),
  broken('storage 9', 'hangs when it fails', hangsWhenBroken),
  broken('storage 10', 'tells the time of each node', tellsItsOwnTime),
  broken('storage 11', 'takes what is late', (storage) => ({
    ...storage,
    swap: (swaps) => storage.swap(swaps, ANY_TIME),
  })),
  broken(
    'nodes 1',
    'adds up silent sessions',
    inDirectory((nodes) => {
      const all = new Map<string, number>()
      return {
        flush(flush) {
          for (const { id, ageMs } of flush.silent) all.set(id, ageMs)
          return nodes.flush({ ...flush, silent: [...all].map(([id, ageMs]) => ({ id, ageMs })) })
        },
      }
    }),
  ),
  broken(
    'nodes 1',
    'forgets who is gone',
    inDirectory((nodes) => ({ flush: (flush) => nodes.flush({ ...flush, gone: [] }) })),
  ),
  broken(
    'nodes 2',
    'makes an entry with every flush',
    inDirectory((nodes) => ({ flush: (flush) => nodes.flush({ ...flush, first: true }) })),
  ),
  broken(
    'nodes 2',
    'lets a claimed node flush',
    inDirectory((nodes) => ({
      async flush(flush) {
        const reply = await nodes.flush(flush)
        return reply.outcome === 'lost' && reply.sessions > 0 ? { ...reply, outcome: 'kept' } : reply
      },
    })),
  ),
  broken(
    'nodes 3',
    'lists nobody but the caller',
    inDirectory((nodes) => ({
      async flush(flush) {
        const reply = await nodes.flush(flush)
        return { ...reply, nodes: reply.nodes.filter(({ incarnation }) => incarnation === flush.incarnation) }
      },
    })),
  ),
  broken(
    'nodes 4',
    'enlists on what is missing',
    inDirectory((nodes) => ({
      async enlist(incarnation, sessions, stamp) {
        const reply = await nodes.enlist(incarnation, sessions, stamp)
        return reply.outcome === 'lost' ? { ...reply, outcome: 'done' } : reply
      },
    })),
  ),
  broken(
    'nodes 5',
    'lets anybody claim what another has claimed',
    inDirectory((nodes) => {
      let claimant = ''
      return {
        async claim(claim) {
          const reply = await nodes.claim({ ...claim, by: claimant || claim.by })
          if (reply.outcome === 'claimed') claimant ||= claim.by
          return reply
        },
      }
    }),
  ),
  broken(
    'nodes 5',
    'never extends a claim',
    inDirectory((nodes) => {
      const claimants = new Map<string, string>()
      return {
        async claim(claim) {
          if (claimants.get(claim.incarnation) === claim.by) return nodes.claim({ ...claim, leaseMs: 1 })
          const reply = await nodes.claim(claim)
          if (reply.outcome === 'claimed') claimants.set(claim.incarnation, claim.by)
          return reply
        },
      }
    }),
  ),
  broken(
    'nodes 6',
    'keeps one of the sessions',
    inDirectory((nodes) => ({
      discharge: (incarnation, by, [, ...rest], stamp) => nodes.discharge(incarnation, by, rest, stamp),
    })),
  ),
  broken(
    'nodes 7',
    'does not release',
    inDirectory(() => ({ release() {} })),
  ),
  broken(
    'nodes 8',
    'takes late claims',
    inDirectory((nodes) => ({ claim: (claim) => nodes.claim({ ...claim, ...ANY_TIME }) })),
  ),
]
