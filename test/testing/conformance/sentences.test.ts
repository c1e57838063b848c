/** Contracts and suites cannot drift apart: every sentence of a contract is tried, and what is tried stands there. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { busSuite, contactsSuite, storageSuite } from '../../../src/testing/index.ts'
import { STRANGE_IDS } from '../../../src/testing/suites/strange-ids.ts'
import { STRANGE_IDS as IDS_ON_THE_WIRE } from '../../corpus/frames.ts'
import { clusterOptions } from './opened.ts'

const NUMBERED = /^ \* (?<number>\d+)\. (?<text>.*(?:\n \*(?! \d+\.|\/| @) {2,}.*)*)/gm

/** The numbered sentences of a contract, each on one line. */
function sentencesOf(path: string): Map<number, string> {
  const source = readFileSync(new URL(`../../../src/server/${path}`, import.meta.url), 'utf8')
  const found = [...source.matchAll(NUMBERED)].map(({ groups }): [number, string] => [
    Number(groups?.number),
    (groups?.text ?? '').replaceAll(/\n \* +/g, ' '),
  ])
  return new Map(found)
}

const NAME = /^(?<contract>\w+) (?<number>\d+): (?<words>.*?)(?: · (?<detail>.*))?$/

const options = clusterOptions()
const suites = [
  { contract: 'storage', path: 'storage/contract.ts', cases: storageSuite(options) },
  { contract: 'nodes', path: 'storage/nodes.ts', cases: storageSuite(options) },
  { contract: 'bus', path: 'storage/bus.ts', cases: busSuite(options) },
  {
    contract: 'contacts',
    path: 'contacts/contract.ts',
    cases: contactsSuite({
      open: () => expect.fail(),
      supports: { breakDown: true, changes: true, notifies: true },
    }),
  },
]

describe.each(suites)('the contract of $contract', ({ contract, path, cases }) => {
  const sentences = sentencesOf(path)
  const tried = cases
    .map(({ name }) => NAME.exec(name)?.groups ?? expect.fail(`${name} is not of the form of a case`))
    .filter((groups) => groups.contract === contract)

  test('is numbered from 1 on', () => {
    expect([...sentences.keys()]).toEqual(Array.from({ length: sentences.size }, (_, index) => index + 1))
    expect(sentences.size).toBeGreaterThan(4)
  })

  test('every sentence has a case', () => {
    expect([...new Set(tried.map(({ number }) => Number(number)))]).toEqual([...sentences.keys()])
  })

  test('every case begins with words of its sentence', () => {
    const strange = tried.filter(({ number, words = '' }) => !sentences.get(Number(number))?.includes(words))
    expect(strange).toEqual([])
  })

  test('every MUST is within the words of some case', () => {
    const untried = [...sentences].flatMap(([number, sentence]) => {
      const words = tried
        .filter((groups) => Number(groups.number) === number)
        .map((groups) => groups.words ?? '')
      return [...sentence.matchAll(/MUST/g)]
        .filter(({ index }) => !words.some((some) => covers(sentence, some, index)))
        .map(({ index }) => `${number}: ${sentence.slice(index)}`)
    })
    expect(untried).toEqual([])
  })

  test('no two cases have the same name', () => {
    const names = cases.map(({ name }) => name)
    expect(names).toHaveLength(new Set(names).size)
  })
})

test('the suites try every id that is strange on the wire', () => {
  expect(STRANGE_IDS).toEqual(expect.arrayContaining([...IDS_ON_THE_WIRE]))
  expect(STRANGE_IDS).toHaveLength(new Set(STRANGE_IDS).size)
})

function covers(sentence: string, words: string, at: number): boolean {
  const start = sentence.indexOf(words)
  return start >= 0 && start <= at && at < start + words.length
}
