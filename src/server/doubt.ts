/**
 * Contacts change while questions about them are under way. An answer may be older than the change, so whatever was
 * asked before and concerns the user is asked again: who was just blocked must not be shown anything by a late answer.
 */
import type { Answer, ContactsPurpose, NodeState, ReadPurpose } from './state.ts'

/** Notes a change of contacts with every question that is under way. */
export function castDoubt(node: NodeState, changed: string): void {
  for (const purpose of node.questions.values()) doubtsOf(purpose)?.add(changed)
  for (const purpose of node.reads.values()) doubtsOf(purpose)?.add(changed)
  for (const { answers } of node.connections.values())
    for (const answer of answers) coverRest(answer, changed)
}

/** What is left of an answer that is asked for only once is covered, for nobody judges it again. */
function coverRest({ query }: Answer, changed: string): void {
  if (query.kind !== 'fetch') return
  if (query.viewer === changed) query.sights?.clear()
  else query.sights?.delete(changed)
}

/** Whether an answer about these users, asked through this one's eyes or for them, may be older than a change. */
export function isDoubtful(
  doubts: ReadonlySet<string>,
  asker: string,
  about: { has(id: string): boolean },
): boolean {
  if (doubts.has(asker)) return true
  for (const id of doubts) if (about.has(id)) return true
  return false
}

function doubtsOf(purpose: ContactsPurpose | ReadPurpose): Set<string> | undefined {
  switch (purpose.type) {
    case 'visibility':
    case 'answer':
      return purpose.query.doubts
    case 'audience':
    case 'locate':
    case 'review:pairs':
    case 'review:roster':
      return purpose.doubts
    case 'review:audience':
    case 'load':
    case 'gained':
    case 'compare':
      return undefined
  }
}
