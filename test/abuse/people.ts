/** Who lives in the street: contacts by name alone, so that a hundred thousand of them cost nothing. */
export const FANS = 300
/** As many as `limits.contacts` takes. */
export const POPULAR = 100_000
/** One friend for each kind of abuse, so that none of them changes too often. */
const FRIENDS = 60

const names = (count: number, name: string): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}${index}`)

const friends = names(FRIENDS, 'friend')
/** The texts of this many make a snapshot that no socket swallows at once. */
export const fans = names(FANS, 'fan')
export const hubs = names(5, 'hub')
const crowd = names(POPULAR, 'c')
/** Those of the crowd who are contacts of the hubs as well. */
export const some = crowd.slice(0, 1_500)
const ofHubs = [...fans, ...some]
const friendsOfCrowd = ['popular', ...hubs]

export function contactsOf(user: string): readonly string[] {
  if (user === 'neighbour') return friends
  if (user.startsWith('friend')) return ['neighbour']
  if (user.startsWith('hub')) return ofHubs
  if (user.startsWith('fan')) return hubs
  if (user === 'popular') return crowd
  return /^c\d+$/.test(user) ? friendsOfCrowd : []
}
