// Short, so that something is to be seen. The defaults are ten times as long.

/** T: no sign of life for this long means disconnected. */
export const TIMEOUT_MS = 6_000
/** Redis answers within this, or counts as down. */
export const COMMAND_TIMEOUT_MS = 500
/** Nodes live for so long. */
export const KILL_EVERY_MS = 4_000
/** How long a coming may take to reach everybody who watches, with a reconnect on the way. */
export const COMING_MS = TIMEOUT_MS / 2
/** A goodbye as well; but one that died with its node is made good by the others: T, a lease, and two sweeps later. */
export const GOING_MS = TIMEOUT_MS * (1 + 1 / 4 + 2 / 12)
