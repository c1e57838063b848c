import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import type { Presence } from '../../core/model.ts'
import { unknownPresence } from '../machine/records.ts'
import { useClient } from './provider.ts'
import { look, watch } from './watch.ts'

/**
 * The presence of a user, watched as long as the component is mounted. `unknown` on the server, without a provider,
 * and before the first snapshot.
 */
export function usePresence(userId: string): Presence
/**
 * What `select` takes of a user's presence. The component renders again only when that differs.
 *
 * @param isEqual - whether two selections show the same. @defaultValue Object.is
 */
export function usePresence<Selection>(
  userId: string,
  select: (presence: Presence) => Selection,
  isEqual?: (a: Selection, b: Selection) => boolean,
): Selection
export function usePresence(
  userId: string,
  select: (presence: Presence) => unknown = identity,
  isEqual: (a: never, b: never) => boolean = Object.is,
): unknown {
  const client = useClient()
  const unknown = useMemo(() => unknownPresence(userId), [userId])
  const read = useCallback(() => look(client, userId, unknown), [client, userId, unknown])
  const subscribe = useCallback((onChange: () => void) => watch(client, [userId], onChange), [client, userId])
  return useSelection(subscribe, read, unknown, select, isEqual as (a: unknown, b: unknown) => boolean)
}

/** A selection keeps its identity until it differs, also where `select` is another function with each render. */
function useSelection<Selection>(
  subscribe: (onChange: () => void) => () => void,
  read: () => Presence,
  unknown: Presence,
  select: (presence: Presence) => Selection,
  isEqual: (a: Selection, b: Selection) => boolean,
): Selection {
  const shown = useRef<{ readonly selection: Selection } | null>(null)
  const [readSelection, readUnknown] = useMemo(() => {
    const keep = createSelector(select, isEqual, () => shown.current)
    return [() => keep(read()), () => keep(unknown)]
  }, [read, unknown, select, isEqual])
  const selection = useSyncExternalStore(subscribe, readSelection, readUnknown)
  useEffect(() => {
    shown.current = { selection }
  }, [selection])
  return selection
}

function createSelector<Selection>(
  select: (presence: Presence) => Selection,
  isEqual: (a: Selection, b: Selection) => boolean,
  shown: () => { readonly selection: Selection } | null,
): (presence: Presence) => Selection {
  let last: { readonly presence: Presence; readonly selection: Selection } | null = null
  return (presence) => {
    if (last?.presence === presence) return last.selection
    const before = last ?? shown()
    const next = select(presence)
    const selection = before && isEqual(before.selection, next) ? before.selection : next
    last = { presence, selection }
    return selection
  }
}

function identity(presence: Presence): Presence {
  return presence
}
