/** What a suite is made of: cases, each of which holds an implementation to a sentence of a contract. */

/** One case of a suite. It needs no test runner: give `name` and `run` to yours. */
export interface ConformanceCase {
  /** The contract, the number of its sentence, the words of it that are tried, and how: `storage 1: … · …`. */
  readonly name: string
  /** Resolves where the implementation keeps to the sentence, and rejects with what it does instead. */
  readonly run: () => Promise<void>
}

/** A case before it is known what it is held against. */
export interface Draft<World> {
  /** Its number in the contract. */
  readonly sentence: number
  /** From the contract, word by word. */
  readonly words: string
  /** What is tried in particular. */
  readonly detail?: string
  /** Tells whether it can be tried. */
  readonly possible?: (supports: Supports) => boolean
  readonly body: (world: World) => Promise<void>
}

/** What can be done to an implementation, by name. */
export type Supports = Readonly<Record<string, boolean | undefined>>

/** A case of a sentence. */
export function draft<World>(
  sentence: number,
  words: string,
  body: Draft<World>['body'],
  more: Pick<Draft<World>, 'detail' | 'possible'> = {},
): Draft<World> {
  return { sentence, words, body, ...more }
}

/** Makes cases of drafts, in the order of the contract. Each has a world of its own, and leaves nothing behind. */
export function toCases<World extends { readonly end: () => Promise<void> }>(
  contract: string,
  drafts: readonly Draft<World>[],
  supports: Supports,
  open: () => Promise<World>,
): ConformanceCase[] {
  return drafts
    .filter(({ possible }) => possible?.(supports) ?? true)
    .sort((a, b) => a.sentence - b.sentence)
    .map(({ sentence, words, detail, body }) => ({
      name: `${contract} ${sentence}: ${words}${detail === undefined ? '' : ` · ${detail}`}`,
      run: async () => {
        const world = await open()
        try {
          await body(world)
        } finally {
          await world.end()
        }
      },
    }))
}
