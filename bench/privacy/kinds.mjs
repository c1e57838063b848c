// Users who must not be told apart by somebody who may not see them; and one whom they may see, beside them.

/**
 * @typedef {object} Kind
 * @property {string} name
 * @property {boolean} [exists] left out: they do
 * @property {boolean} [isOnline]
 * @property {boolean} [isContact]
 * @property {object} [settings]
 */

/**
 * The first two are of one kind: what differs between them is noise.
 *
 * @type {readonly Kind[]}
 */
export const KINDS = [
  { name: 'nobody', exists: false },
  { name: 'nobody, again', exists: false },
  { name: 'a stranger, offline' },
  { name: 'a stranger, online', isOnline: true },
  { name: 'hides, offline', isContact: true, settings: { online: 'nobody' } },
  { name: 'hides, online', isContact: true, isOnline: true, settings: { online: 'nobody' } },
  { name: 'has blocked, online', isContact: true, isOnline: true, settings: { blocked: ['viewer'] } },
  { name: 'may be seen, online', isContact: true, isOnline: true },
]

/**
 * All ids have one length, so that all frames do.
 *
 * @param {string} kind
 * @param {number} number
 */
export function idOf(kind, number) {
  const place = KINDS.findIndex(({ name }) => name === kind)
  return `user-${String(place).padStart(2, '0')}-${String(number).padStart(6, '0')}`
}
