import { describe, expect, it } from 'vitest'
import { rules } from './rules.ts'
import { projectFiles } from './sources.ts'

const files = projectFiles()

describe('tidy', () => {
  it.each(rules)('$name', (rule) => {
    expect(rule.find(files)).toEqual([])
  })
})

describe('tidy rules can fail', () => {
  it.each(rules)('$name', (rule) => {
    expect(rule.find([rule.broken].flat())).not.toEqual([])
  })
})
