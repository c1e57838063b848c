/** What cases ask of a bus again and again. */
import type { BusAdapter } from '../../server/storage/bus.ts'
import type { StorageAdapter } from '../../server/storage/contract.ts'
import { check } from './assert.ts'
import type { StorageWorld } from './storage-world.ts'

/** Time in which a message arrives that should not. */
export const QUIET_MS = 50

/** The bus that a storage for several nodes has. */
export function busOf({ bus }: StorageAdapter): BusAdapter {
  check(bus !== undefined, 'A storage for several nodes should have a `bus`')
  return bus
}

/** A node of its own, and its end of the bus. */
export async function openBus({ connect }: Pick<StorageWorld, 'connect'>): Promise<BusAdapter> {
  return busOf(await connect())
}

/** Listens at an address. What arrives, in order, is in the list that is given back. */
export async function hear(bus: BusAdapter, address: string): Promise<readonly string[]> {
  const heard: string[] = []
  await bus.listen(address, (message) => heard.push(message))
  return heard
}
