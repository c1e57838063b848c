/** What is being waited for, and what for. */
import type { Version } from '../core/version.ts'
import type {
  Answer,
  PageIds,
  Query,
  ReviewAudience,
  ReviewPairs,
  ReviewRoster,
  Session,
  User,
} from './entities.ts'

/** Why the storage is being read. */
export type ReadPurpose =
  | { readonly type: 'load'; readonly users: readonly User[] }
  | {
      readonly type: 'locate'
      readonly user: User
      readonly version: number
      readonly audience: readonly string[]
      readonly doubts: Set<string>
    }
  | { readonly type: 'answer'; readonly query: Query; readonly ids: PageIds }
  | { readonly type: 'page'; readonly session: Session; readonly answer: Answer; readonly ids: PageIds }
  | { readonly type: 'gained'; readonly queries: readonly Query[]; readonly ids: readonly string[] }
  | {
      readonly type: 'compare'
      readonly ids: readonly string[]
      readonly sentAt: number
      /** What watchers had been told of each by then; `undefined`: there were none. */
      readonly told: readonly (Version | undefined)[]
    }

/** Why it is being asked who may see whom. */
export type ContactsPurpose =
  | {
      readonly type: 'audience'
      readonly user: User
      readonly version: number
      readonly doubts: Set<string>
    }
  | { readonly type: 'visibility'; readonly query: Query }
  | ReviewAudience
  | ReviewRoster
  | ReviewPairs

/** The application has thrown a user out, or told of a change of their contacts, on whichever node. */
export interface Concern {
  readonly type: 'kick' | 'review'
  readonly user: string
}
