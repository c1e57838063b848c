// Tables and plots of what was measured, from its lines alone. The first figure of a bench is what it is about: median, least and
// most of the rounds, and the ratio to the naive loop, round by round. The others stand beside it as medians.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plotOf } from './plot.mjs'
import { brief, least, median, most, ratioOf } from './statistics.mjs'
import { printTable } from './table.mjs'

/**
 * @typedef {import('./results.mjs').Line} Line
 * @typedef {object} Figure
 * @property {string} figure
 * @property {string} title
 * @property {boolean} [compared] to the naive loop, in table and plot; the first one is, anyway
 *
 * @typedef {{ readonly name: string, readonly values: readonly number[] }} Series of one peer, by round
 */

/** All ratios are to these. */
const MEASURES = ['naive', 'by-hand']

/**
 * @param {readonly Line[]} lines of one bench
 * @param {readonly Figure[]} figures
 * @param {string} folder for the plots
 */
export function report(lines, figures, folder) {
  for (const row of new Set(lines.map((line) => line.row).filter(Boolean))) {
    const own = lines.filter((line) => line.row === row)
    const measured = figures.filter(({ figure }) => own.some((line) => line.figures?.[figure] !== undefined))
    console.log(`\n${row}`)
    printRow(own, measured)
    for (const { figure, title } of measured.filter(({ compared }, index) => index === 0 || compared))
      plot(folder, `${lines[0]?.bench ?? ''} ${row} ${figure}`, `${row}: ${title}`, seriesOf(own, figure))
  }
  for (const { peer, round, failed } of lines)
    if (failed !== undefined) console.log(`\nfailed: ${peer}, round ${round + 1}: ${failed}`)
}

/**
 * @param {readonly Line[]} lines
 * @param {readonly Figure[]} figures
 */
function printRow(lines, [first, ...others]) {
  if (!first) return
  const series = seriesOf(lines, first.figure)
  const { name: measureName = '', values: measure } = series.find(({ name }) => MEASURES.includes(name)) ?? {}
  const ratios = measure !== undefined && series.length > 1
  const head = [
    '',
    first.title,
    'least–most',
    ...(ratios ? [`× ${measureName}, in the round`, '× by the least'] : []),
  ]
  const besides = others.map(({ figure, compared }) => {
    const all = seriesOf(lines, figure)
    const valuesOf = (/** @type {string} */ peer) => all.find(({ name }) => name === peer)?.values ?? []
    return (/** @type {string} */ peer) => [
      brief(median(valuesOf(peer))),
      ...(ratios && compared ? [ratioOf(valuesOf(peer), valuesOf(measureName))] : []),
    ]
  })
  printTable(
    [...head, ...others.flatMap((other) => (ratios && other.compared ? [other.title, '×'] : [other.title]))],
    series.map(({ name, values }) => [
      name,
      brief(median(values)),
      `${brief(least(values))}–${brief(most(values))}`,
      ...(ratios ? [ratioOf(values, measure), brief(least(values) / least(measure))] : []),
      ...besides.flatMap((beside) => beside(name)),
    ]),
  )
}

/**
 * A value for each round, so that rounds can be compared; `NaN` where it failed.
 *
 * @param {readonly Line[]} lines of one row
 * @param {string} figure
 * @returns {Series[]}
 */
function seriesOf(lines, figure) {
  const rounds = [...new Set(lines.map(({ round }) => round))].sort((a, b) => a - b)
  const peers = [...new Set(lines.map(({ peer }) => peer))]
  const valueIn = (/** @type {string} */ peer, /** @type {number} */ round) =>
    lines.find((line) => line.peer === peer && line.round === round)?.figures?.[figure]
  return peers
    .map((name) => ({ name, values: rounds.map((round) => valueIn(name, round)) }))
    .filter((series) => series.values.some((value) => value !== undefined))
    .map(({ name, values }) => ({ name, values: values.map((value) => value ?? Number.NaN) }))
    .sort((a, b) => Number(MEASURES.includes(b.name)) - Number(MEASURES.includes(a.name)))
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {string} title
 * @param {readonly Series[]} series
 */
function plot(folder, name, title, series) {
  mkdirSync(folder, { recursive: true })
  const file = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.svg`
  writeFileSync(join(folder, file), plotOf(title, series))
}
