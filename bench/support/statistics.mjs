/** Of those that are numbers: a round that failed has none. @param {readonly number[]} values */
export function median(values) {
  const sorted = known(values).sort((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}

/** @param {readonly number[]} values */
export function least(values) {
  return Math.min(...known(values))
}

/** @param {readonly number[]} values */
export function most(values) {
  return Math.max(...known(values))
}

/** @param {readonly number[]} values */
function known(values) {
  return values.filter((value) => !Number.isNaN(value))
}

/**
 * The median of the ratios of pairs, and between which they lie.
 *
 * @param {readonly number[]} ours
 * @param {readonly number[]} theirs
 */
export function ratioOf(ours, theirs) {
  const ratios = ours.map((value, index) => value / (theirs[index] ?? Number.NaN))
  return `${brief(median(ratios))} (${brief(least(ratios))}–${brief(most(ratios))})`
}

/**
 * A number as a reader wants it: three digits that count.
 *
 * @param {number} value
 */
export function brief(value) {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(value < 10 ? 2 : 3)))
}

/**
 * @param {ArrayLike<number>} sorted
 * @param {number} part
 */
export function percentileOf(sorted, part) {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
}
