/**
 * Prints a Markdown table.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
export function printTable(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => console.log(`| ${cells.join(' | ')} |`)
  console.log('')
  line(head)
  line(head.map((_, index) => (index === 0 ? '---' : '---:')))
  for (const row of rows) line(row)
}
