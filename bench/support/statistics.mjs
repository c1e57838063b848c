/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}

/**
 * The median of the ratios of pairs, and between which they lie.
 *
 * @param {readonly number[]} ours
 * @param {readonly number[]} theirs
 */
export function ratioOf(ours, theirs) {
  const ratios = ours.map((value, index) => value / (theirs[index] ?? Number.NaN))
  return `${brief(median(ratios))} (${brief(Math.min(...ratios))}–${brief(Math.max(...ratios))})`
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
