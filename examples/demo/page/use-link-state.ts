import { useSyncExternalStore } from 'react'
import type { Link, LinkState } from '../link.ts'

/** The state of a link, always the present one. */
export function useLinkState(link: Link): LinkState {
  return useSyncExternalStore(link.onChange, () => link.state)
}
