/**
 * Contacts change while questions about them are under way. An answer may be older than the change, so whatever was
 * asked before and concerns the user is asked again: who was just blocked must not be shown anything by a late answer.
 */
import type { Answer } from './entities.ts'
import { NOBODY, Sights } from './sights.ts'
import type { NodeState } from './state.ts'

/** Notes a change of contacts with every question that is under way. */
export function castDoubt(node: NodeState, changed: string): void {
  for (const { doubts } of doubtable(node)) doubts.add(changed)
  for (const { query } of onceAsked(node)) {
    if (query.viewer === changed) query.sights = NOBODY
    else if (query.sights?.has(changed)) query.sights = without(query.sights, changed)
  }
}

function without(sights: Sights, id: string): Sights {
  return new Sights([...sights.byId()].filter(([seen]) => seen !== id))
}

/** Anything may have changed. */
export function castDoubtOnAll(node: NodeState): void {
  for (const { doubts, asker } of doubtable(node)) doubts.add(asker)
  for (const { query } of onceAsked(node)) query.sights = NOBODY
}

/** What is left of an answer that is asked for only once is covered, for nobody judges it again. */
function* onceAsked(node: NodeState): Generator<Answer> {
  for (const { answers } of node.connections.values())
    for (const answer of answers) if (answer.query.kind === 'fetch') yield answer
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

/** The questions under way whose answers may be older than a change, and who asked. */
function* doubtable(node: NodeState): Generator<{ doubts: Set<string>; asker: string }> {
  for (const table of [node.questions, node.reads]) {
    for (const purpose of table.values()) {
      switch (purpose.type) {
        case 'visibility':
        case 'answer':
          yield { doubts: purpose.query.doubts, asker: purpose.query.viewer ?? '' }
          break
        case 'audience':
        case 'locate':
          yield { doubts: purpose.doubts, asker: purpose.user.id }
          break
        case 'review:pairs':
          yield { doubts: purpose.doubts, asker: purpose.session.user?.id ?? '' }
          break
        case 'review:roster':
          yield { doubts: purpose.doubts, asker: purpose.viewer.id }
          break
        case 'review:audience':
        case 'load':
        case 'page':
        case 'gained':
        case 'compare':
      }
    }
  }
}
