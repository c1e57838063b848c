/** Tests that need what is never installed for them: that one is skipped is no failure, not even in CI. */
declare module 'vitest' {
  interface TaskMeta {
    /** The reporter of counts looks for it. */
    optional?: true
  }
}

/** Goes between the name of a test and its body. */
export const OPTIONAL = { meta: { optional: true } } as const
