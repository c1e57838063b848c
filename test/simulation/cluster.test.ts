/**
 * Shipped servers on one storage, and shipped clients, in seeded worlds in which nodes, storage and bus fail. A hundred
 * runs here, as many as wanted by `npm run simulate -- --nodes`; a seed that fails is replayed, made smaller and
 * explained by the command that its failure prints.
 */
import { describe, expect, it } from 'vitest'
import { report, simulate } from './cluster/simulate.ts'

/** Seeds that broke a promise once, and what they found. */
const FOUND = [
  [2, 'L2: who was shown unknown after a wipe was never told offline'],
  [17, "S2: a node out of reach when the storage's clock was stepped lost its sessions at once"],
  [
    36,
    'S2: a session ended while its node was cut off stayed away while another of its user waited for the hold',
  ],
  [129, "ENTRY: sessions that moved to another node stood in the first one's entry for ever"],
  [214, 'SOUND: sessions were enlisted in an entry that was gone, again and again without a pause'],
  [221, 'S3: a storage wiped after its clock was put back showed everybody offline'],
  [249, 'S7: the comparison told whoever had subscribed, also who may not see'],
  [292, 'ENTRY: a session whose end was held stood in no entry of the next incarnation'],
  [353, 'S4: a read that overtook the answer to a swap swallowed the transition'],
  [5242, 'ENTRY: a node that ended what its former incarnation left took its own session off its entry'],
  [5426, 'S12: a failover brought back a session that was superseded, and nobody took it out again'],
  [6000, 'S2: a session that others had replaced after a wipe was looked for only by the next comparison'],
  [6257, 'S2: a node that was frozen during an outage of all buried who was cut off with it'],
  [6774, 'ENTRY: a session that ended on its way into the entry stood there for ever'],
  [30214, 'S15: a record that was learned from another node was not held against the sessions that are here'],
  [30416, 'S12: who had come by a swap without an answer and gone was brought back'],
  [30679, 'S2: a node that had lost its lease did not wait for the others after an outage'],
  [
    30512,
    'S4: after a wipe a replica took over that had not seen it, and what was told in the newer epoch stayed',
  ],
  [
    51183,
    'S2: likewise, and a user of whom nothing stood there was written in the newer epoch, in vain and for ever',
  ],
  [
    50572,
    'S2: a node that could not put its sessions under its new name lost them to whoever reaped the old',
  ],
  [70516, 'L1: who watched again just before the server was told of the end was shown nothing'],
  [61097, 'S2: a clock that was stepped forward ended the sessions of a node that had just frozen'],
  [
    490,
    'S9: a node put a session into the record of a new epoch, went before it stood in an entry, and nobody ended it',
  ],
  [2000919, 'S3: a forged record under no version was told to whoever had not been told anything yet'],
  [
    3002334,
    'S10: who had dropped before a drain was granted the window of those whom it sends away; by the simulator',
  ],
  [
    3002724,
    'S2: who answered between a wipe and the flush that showed it was expected back without a question',
  ],
  [
    5001980,
    'CHOICE: a choice was expected back though its only holder was killed before it could put it back',
  ],
  [
    5002051,
    'S15: a failover lost the flush of a node that was silent before and died then; the simulator counted it',
  ],
  [5002281, 'S4: who was put back a second late after a wipe was told to nobody'],
  [
    6001786,
    'S9: a goodbye that a failover brought back was found by one comparison and ended only by the next',
  ],
  [
    6002015,
    'S6: a forged record of a user of whom nothing was known yet was taken for what the storage had lost',
  ],
  [
    6003826,
    'S3: what a failover lost was shown to a newcomer by a node that knew it; the simulator took it for older',
  ],
  [6003875, "S12: a dead node's session whose end was held was put back after a wipe as this node's own"],
  [
    7000536,
    'S12: a frozen node put back a choice that a failover had lost, and with it a session that was superseded',
  ],
  [
    6002494,
    'S15: what a thawed node had told of a session was older than 1.1 H when it froze again; the simulator overlooked it',
  ],
  [7000327, 'S11: who was spoken of before the question about them was answered was taken for a new contact'],
  [
    6002079,
    "S2: a node that was cut off while another flushed, and then saw the storage's clock stepped, took that flush for older",
  ],
  [
    7000914,
    'S15: who came after a failover by a clock that was stepped back was taken for one whose end was lost',
  ],
  [
    7001714,
    'S4: of whom nothing stood there after a wipe that a replica had not seen kept all others waiting for R again',
  ],
  [
    8002389,
    "S6: a millisecond between two estimates of the storage's time was taken for a step of its clock, and last seen lay past an outage",
  ],
  [
    8003332,
    'S2: a pause that no node saw made the simulator forget that the hold of the outage before it was over',
  ],
  [
    8005244,
    'S2: who was replaced before they were written was taken off the entry, and their user waited for it for ever',
  ],
  [8007063, 'ENTRY: whose coming was given up because others had written since stood in the entry for ever'],
  [
    10002686,
    'S2: the simulator took each flush that told of the same silence for the healing of a node cut off, and asked for another question',
  ],
  [
    11000429,
    'S12: what a failover had lost was looked for by the next comparison alone, and the node that knew of it was gone by then',
  ],
  [
    11001133,
    'S2: who came to a node that was cut off was healed with it, and the simulator knew nothing of that',
  ],
  [
    11003203,
    'S2: a comparison whose only call was lost was made again A later, and with it a session that others had ended was found',
  ],
  [11003584, 'S12: a session that was superseded came back by a frame that its client had sent long before'],
  [
    12000486,
    "S15: by a clock that was stepped back the version that a failover had lost was given again, and whoever knew the lost one swapped the other's record away",
  ],
  [
    41001473,
    'S2: what a failover had lost of the end of a session was carried out again on the session that its node had put back since',
  ],
  [
    61000778,
    'S12: a node that woke after a wipe put back a session that had gone on elsewhere, and one whose goodbye had been written without an answer',
  ],
  [
    91001218,
    'CHOICE: what was chosen was not put back after a wipe by a node that had to ask for the sessions first',
  ],
  [81001252, 'S9: a goodbye that went lost in an outage was forgotten before that was over'],
  [
    111000834,
    'S2: a session that others had ended was not looked for where changes waited that need not be written',
  ],
  [
    111002538,
    'S9: a goodbye that came free of its hold while its user was being written waited for the next change',
  ],
  [111003437, 'S4: who came back after a wipe waited up to a second behind a change that had to be held'],
  [2915, 'S10: who had come and gone while their node was held up was forgotten for a wipe before it'],
  [116006679, 'S4: who came back after a wipe to a node that had not forgotten them was not told of'],
  [
    118001613,
    'S4: a read that was sent as a swap was answered was taken for a loss of what that had written',
  ],
  [119004809, 'ENTRY: after a failover a session was put back before it stood in the entry again'],
  [
    120001678,
    'ENTRY: a session that was put back while its end was on its way went off the entry all the same',
  ],
  [123000306, 'S12: a superseded session was put back by what had been heard before its node was frozen'],
  [
    124100346,
    'S2: a replica took over that had not seen a wipe, and who had just read the new epoch waited for it for ever',
  ],
  [123000695, 'S4: the end of a hold came just after a comparison, and waited for F until the next'],
  [114001044, 'S12: who was gone before its node could know was put back after a wipe, for its end was held'],
  [
    113000877,
    'S15: who had been put back already was asked once more after a failover, and taken out for it',
  ],
  [
    125201257,
    'S2: a node that was held up while it joined anew after a wipe put its sessions back no sooner than A later',
  ],
  [
    125100450,
    'S9: the simulator expected an end to be found that a failover had lost, though its node was killed right after and nobody watched',
  ],
  [
    124304119,
    'S4: the simulator expected at once what a session was told by comparison that others had taken out of the record',
  ],
  [
    124402447,
    'S15: the simulator expected a node that had begun after an outage to know of it, and of what a dead one had not told',
  ],
  [
    128001932,
    'S12: a node that had been frozen put sessions back under its new name that others had ended while it was about to',
  ],
  [
    128013352,
    'S12: a half-open session whose coming was written without an answer was put back after it had been superseded',
  ],
  [
    128010793,
    'S11: the simulator took no notice of an outage that held up the repair of what a failover had lost',
  ],
  [
    128051389,
    'S9: what watchers were told while it was being compared was taken for lost by the storage, and goodbyes were held',
  ],
  [128080767, 'S4: the simulator allowed one tick for a flush and the end of a hold, which fall on one each'],
  [
    41000288,
    'S2: the simulator took for awake a device that could not answer after a wipe, where its user had been put back by another device that left then',
  ],
] as const

/** Enough for each kind of fault to meet some of the others. */
const RUNS = 80
const SEEDS_A_TEST = 20

async function expectKept(seed: number): Promise<void> {
  const failure = await simulate(seed)
  expect(failure && report(failure)).toBeNull()
}

describe('seeds that found a bug', { timeout: 120_000 }, () => {
  it.each(FOUND)('%i, %s', async (seed) => {
    await expectKept(seed)
  })
})

describe('every promise is kept after every step, by several nodes', { timeout: 120_000 }, () => {
  const blocks = Array.from({ length: RUNS / SEEDS_A_TEST }, (_, block) => 1 + block * SEEDS_A_TEST)
  it.each(blocks)(`seeds from %i on, ${SEEDS_A_TEST} of them`, async (first) => {
    for (let seed = first; seed < first + SEEDS_A_TEST; seed++) await expectKept(seed)
  })
})
