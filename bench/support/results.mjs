// What has been measured: a line of JSON for each peer and round, as it comes, so that a run that is broken off is not lost.

import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { dirname } from 'node:path'

/**
 * @typedef {object} Line
 * @property {string} bench
 * @property {string} row what of it
 * @property {string} peer
 * @property {number} round
 * @property {Readonly<Record<string, number>>} [figures]
 * @property {string} [failed] why there are none
 */

/** @param {string} file */
export function createResults(file) {
  mkdirSync(dirname(file), { recursive: true })
  const machine = { system: `${os.type()} ${os.release()}`, cores: os.cpus().length, node: process.version }
  writeFileSync(file, `${JSON.stringify({ machine, at: new Date().toISOString() })}\n`)
  /** @type {Line[]} */
  const lines = []
  return {
    lines,
    record: (/** @type {Line} */ line) => {
      lines.push(line)
      appendFileSync(file, `${JSON.stringify(line)}\n`)
    },
  }
}

/**
 * @param {string} file
 * @returns {Line[]}
 */
export function readResults(file) {
  const texts = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  // The first one tells of the machine.
  // The first one tells of the machine.
  return texts.slice(1).map(lineOf)
}

/** @param {string} text */
function lineOf(text) {
  /** @type {unknown} */
  const line = JSON.parse(text)
  return /** @type {Line} */ (line)
}
