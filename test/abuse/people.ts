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
const crowd = names(POPULAR, 'c')

export function contactsOf(user: string): readonly string[] {
  if (user === 'neighbour') return friends
  if (user.startsWith('friend')) return ['neighbour']
  if (user.startsWith('hub')) return fans
  if (user.startsWith('fan')) return ['hub']
  if (user === 'popular') return crowd
  return /^c\d+$/.test(user) ? ['popular'] : []
}
