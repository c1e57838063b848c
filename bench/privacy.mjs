// How long answers about users take who may not be seen: whether a clock tells one refusal from another. Real sockets, the
// server in a process of its own, one question at a time, kinds in random order. docs/privacy.md shows what this prints.

import { fork } from 'node:child_process'
import { WebSocket } from 'ws'
import { idOf, KINDS } from './privacy/kinds.mjs'
import { brief, median } from './support/statistics.mjs'
import { printTable } from './support/table.mjs'

/** Users of each kind, and as many questions. */
const COUNT = 2_000

export async function run() {
  const server = fork(new URL('privacy/server.mjs', import.meta.url), [String(COUNT)])
  /** @type {unknown} */
  const port = await new Promise((resolve) => server.once('message', resolve))
  const ask = await openAsker(port)
  const questions = KINDS.flatMap(({ name }) =>
    Array.from({ length: COUNT }, (_, number) => ({ name, number })),
  )
  // A few strangers to everything, so that all code is warm; they are asked about only here.
  for (let number = COUNT; number < 2 * COUNT; number++) await ask(idOf('nobody', number))
  for (const title of ['Asked about for the first time', 'Asked about again, within half a minute']) {
    const times = new Map(KINDS.map(({ name }) => [name, /** @type {number[]} */ ([])]))
    for (const { name, number } of shuffled(questions)) times.get(name)?.push(await ask(idOf(name, number)))
    print(title, times)
  }
  server.disconnect()
}

/**
 * @param {string} title
 * @param {ReadonlyMap<string, number[]>} times
 */
function print(title, times) {
  const nobody = times.get('nobody') ?? []
  console.log(`\n${title}, ${COUNT.toLocaleString('en')} of each kind:`)
  printTable(
    ['user', 'median, µs', 'p95, µs', 'takes longer than for nobody'],
    [...times].map(([name, values]) => [
      name,
      brief(median(values) * 1_000),
      brief(([...values].sort((a, b) => a - b)[Math.floor(0.95 * values.length)] ?? 0) * 1_000),
      name === 'nobody'
        ? '–'
        : `${percent(chanceOfLonger(values, nobody))} ± ${percent(uncertainty(values, nobody))}`,
    ]),
  )
}

/**
 * The chance that a question of the one kind takes longer than one of the other (Mann–Whitney). A half: no clock tells.
 *
 * @param {readonly number[]} values
 * @param {readonly number[]} others
 */
function chanceOfLonger(values, others) {
  const sorted = [...others].sort((a, b) => a - b)
  let wins = 0
  for (const value of values) wins += (below(sorted, value, false) + below(sorted, value, true)) / 2
  return wins / (values.length * others.length)
}

/**
 * How many are smaller; `orEqual`: or as great.
 *
 * @param {readonly number[]} sorted
 * @param {number} value
 * @param {boolean} orEqual
 */
function below(sorted, value, orEqual) {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const found = sorted[middle] ?? 0
    if (found < value || (orEqual && found === value)) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Two standard deviations of that chance where the two do not differ.
 *
 * @param {readonly number[]} values
 * @param {readonly number[]} others
 */
function uncertainty({ length: n }, { length: m }) {
  return 2 * Math.sqrt((n + m + 1) / (12 * n * m))
}

/** @param {number} part */
function percent(part) {
  return `${(100 * part).toFixed(1)} %`
}

/**
 * @template Item
 * @param {readonly Item[]} items
 */
function shuffled(items) {
  const all = [...items]
  for (let place = all.length - 1; place > 0; place--) {
    const other = Math.floor(Math.random() * (place + 1))
    const [one, two] = [all[place], all[other]]
    if (one !== undefined && two !== undefined) [all[place], all[other]] = [two, one]
  }
  return all
}

/**
 * One session, and what it asks: gives milliseconds from question to answer.
 *
 * @param {unknown} port
 * @returns {Promise<(id: string) => Promise<number>>}
 */
async function openAsker(port) {
  const socket = new WebSocket(`ws://127.0.0.1:${String(port)}/`, ['presencekit.v1'])
  /** @type {(text: string) => void} */
  let heard = () => undefined
  socket.on('message', (/** @type {Buffer} */ data) => {
    const text = data.toString()
    if (text.startsWith('{"type":"heartbeat"')) socket.send('{"type":"heartbeat"}')
    else heard(text)
  })
  const answer = (/** @type {string} */ start) =>
    new Promise((resolve) => {
      heard = (text) => {
        if (text.startsWith(start)) resolve(undefined)
      }
    })
  await new Promise((resolve) => socket.once('open', resolve))
  const ready = answer('{"type":"self"')
  socket.send(JSON.stringify({ type: 'hello', version: 1, token: 'viewer' }))
  socket.send(JSON.stringify({ type: 'PRESENCE_UPDATE', status: 'online' }))
  await ready
  let ref = 0
  return async (id) => {
    const frame = JSON.stringify({ type: 'fetch', users: [id], ref: ++ref })
    const answered = answer('{"type":"snapshot"')
    const sentAt = performance.now()
    socket.send(frame)
    await answered
    return performance.now() - sentAt
  }
}
