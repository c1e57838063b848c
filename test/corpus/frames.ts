/**
 * The frame table: what a server must refuse, with the code that docs/protocol.md names, and what it must take
 * however odd it looks. The third refusal within a minute closes a connection, so each frame wants one of its own.
 */
import type { MalformedFrame } from './case.ts'
import { fieldCases } from './fields.ts'
import { HAND_MADE } from './hand-made.ts'

export { STRANGE_BUT_VALID, STRANGE_IDS } from './strange-but-valid.ts'

/** Every frame that a server must refuse. */
export const MALFORMED: readonly MalformedFrame[] = [...fieldCases(), ...HAND_MADE]
