import { describe, expect, it } from 'vitest'
import { rules } from './rules.ts'
import { projectFiles } from './sources.ts'

const files = projectFiles()

describe('tidy', () => {
  for (const rule of rules) {
    it(rule.name, () => {
      expect(rule.find(files)).toEqual([])
    })
  }
})

describe('each tidy rule objects to a planted break', () => {
  for (const rule of rules) {
    it(rule.name, () => {
      expect(rule.find([rule.broken].flat())).not.toEqual([])
    })
  }
})
