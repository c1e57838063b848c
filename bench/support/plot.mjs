// A plot as SVG: a bar for the median of each peer, and a line from the least to the most.

import { brief, least, median, most } from './statistics.mjs'

const WIDTH = 720
const NAMES = 190
const FIGURES = 70
const ROW = 28
const BAR = 16
const HEAD = 36

/**
 * @param {string} title
 * @param {readonly import('./report.mjs').Series[]} series
 */
export function plotOf(title, series) {
  const full = Math.max(most(series.flatMap(({ values }) => values)), Number.MIN_VALUE)
  const place = (/** @type {number} */ value) =>
    NAMES + (Math.max(0, value) / full) * (WIDTH - NAMES - FIGURES)
  const height = HEAD + series.length * ROW + 8
  const bars = series.map(({ name, values }, index) => {
    const top = HEAD + index * ROW
    const line = top + BAR / 2
    const [low, middle, high] = [least(values), median(values), most(values)]
    return [
      `<text x="${NAMES - 10}" y="${line + 4}" text-anchor="end">${escaped(name)}</text>`,
      `<rect x="${NAMES}" y="${top}" width="${fixed(place(middle) - NAMES)}" height="${BAR}" fill="${colourOf(name)}"/>`,
      `<path d="M${fixed(place(low))} ${line}H${fixed(place(high))}" stroke="#222" stroke-width="1.5"/>`,
      `<text x="${fixed(place(high) + 6)}" y="${line + 4}">${brief(middle)}</text>`,
    ].join('')
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="10" y="20" font-size="14">${escaped(title)}</text>`,
    ...bars,
    '</svg>\n',
  ].join('\n')
}

/** @param {string} name */
function colourOf(name) {
  return name.startsWith('presencekit') ? '#2563eb' : '#9ca3af'
}

/** @param {number} value */
function fixed(value) {
  return value.toFixed(1)
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
