// The tables.

import { brief, median, ratioOf } from '../support/statistics.mjs'
import { printTable } from '../support/table.mjs'
import { IDLE_USERS } from './idle.mjs'

/**
 * @typedef {import('../support/meter.mjs').Usage} Usage
 * @typedef {import('./transitions.mjs').Phase} Phase
 * @typedef {import('./transitions.mjs').Scenario} Scenario
 */

/** @type {readonly (readonly [Phase, string])[]} */
const PHASES = [
  ['come', 'comes online'],
  ['change', 'changes'],
  ['crowd', 'changes, 30 at once'],
]

/** @param {readonly Scenario[]} scenarios */
export function printTransitions(scenarios) {
  const rows = scenarios.flatMap(({ nodes, contacts, rounds }) =>
    PHASES.map(([phase, name]) => {
      const ours = rounds.map((round) => round.ours[phase])
      const theirs = rounds.map((round) => round.theirs[phase])
      return { title: [`${name}, ${contacts} contacts`, String(nodes)], ours, theirs }
    }),
  )
  console.log('\nA transition: ours, and by hand')
  printTable(
    [
      'a user …',
      'nodes',
      'commands',
      'by hand',
      'bus messages',
      'by hand',
      'bus bytes',
      'by hand',
      'Redis bytes',
      'by hand',
    ],
    rows.map(({ title, ours, theirs }) => [
      ...title,
      ...pairOf(ours, theirs, 'commands'),
      ...pairOf(ours, theirs, 'messages'),
      ...pairOf(ours, theirs, 'messageBytes'),
      ...pairOf(ours, theirs, 'redisBytes'),
    ]),
  )
  console.log('\nCPU of a transition in µs: ours, by hand, and the ratio (lowest–highest of five rounds)')
  printTable(
    ['a user …', 'nodes', 'Redis', 'by hand', 'ratio', 'all nodes', 'by hand', 'ratio'],
    rows.map(({ title, ours, theirs }) => [...title, ...cpuOf(ours, theirs)]),
  )
}

/** @param {readonly import('./idle.mjs').Idle[]} idle */
export function printIdle(idle) {
  console.log(
    `\n${IDLE_USERS.toLocaleString('en')} idle connections, 100 users watched by each: a minute at T = 60 s`,
  )
  printTable(
    [
      'nodes',
      'commands',
      'by hand',
      'Redis bytes',
      'by hand',
      'Redis µs',
      'by hand',
      'ratio',
      'nodes µs',
      'by hand',
      'ratio',
    ],
    idle.map(({ nodes, ours, theirs }) => [
      String(nodes),
      ...pairOf(ours, theirs, 'commands'),
      ...pairOf(ours, theirs, 'redisBytes'),
      ...cpuOf(ours, theirs),
    ]),
  )
}

/**
 * @param {object} measured
 * @param {{ readonly connection: number, readonly watched: number }} measured.memory
 * @param {{ readonly memory: number, readonly nodeMicros: readonly number[] }} measured.sockets
 * @param {Record<import('./cluster.mjs').What, readonly number[]>} measured.cluster
 * @param {readonly Usage[]} measured.comparison
 */
export function printConstants({ memory, sockets, cluster, comparison }) {
  console.log('\nConstants')
  const compared = (/** @type {keyof Usage} */ name) => spreadOf(comparison.map((usage) => usage[name]))
  printTable(
    ['what', 'figure'],
    [
      ['comparison of 1,000 watched users, Redis', `${compared('redisMicros')} µs`],
      ['the same, its node', `${compared('nodeMicros')} µs`],
      ['the same, to and from Redis', `${compared('redisBytes')} bytes`],
      ['heap of a connection, without its socket', `${brief(memory.connection)} bytes`],
      ['heap of each user whom it watches', `${brief(memory.watched)} bytes`],
      ['heap of a connection with its `ws` socket', `${brief(sockets.memory)} bytes`],
      ['node, an idle connection a minute, with its socket', `${spreadOf(sockets.nodeMicros)} µs`],
      ['cluster of 3 masters, all of them: a message by plain Pub/Sub', `${spreadOf(cluster.publish)} µs`],
      ['a message by sharded Pub/Sub', `${spreadOf(cluster.spublish)} µs`],
      ['a read of 100 users', `${spreadOf(cluster.read)} µs`],
      ['the flush of a node', `${spreadOf(cluster.flush)} µs`],
    ],
  )
}

/**
 * @param {readonly Usage[]} ours
 * @param {readonly Usage[]} theirs
 * @param {keyof Usage} name
 */
function pairOf(ours, theirs, name) {
  return [ours, theirs].map((side) => brief(median(side.map((usage) => usage[name]))))
}

/**
 * @param {readonly Usage[]} ours
 * @param {readonly Usage[]} theirs
 */
function cpuOf(ours, theirs) {
  return /** @type {const} */ (['redisMicros', 'nodeMicros']).flatMap((name) => [
    ...pairOf(ours, theirs, name),
    ratioOf(
      ours.map((usage) => usage[name]),
      theirs.map((usage) => usage[name]),
    ),
  ])
}

/** @param {readonly number[]} values */
function spreadOf(values) {
  return `${brief(median(values))} (${brief(Math.min(...values))}–${brief(Math.max(...values))})`
}
