/** Who knows whom: users in a ring, each with the same number of neighbours as contacts. */
export const USERS = 300
export const CONTACTS = 20
/** Whoever finds a fault by another can have it again. */
export const SEED = Number(process.env.SEED ?? 1)

export function userName(index: number, users = USERS): string {
  return `user${(index + users) % users}`
}

export function contactsOf(userId: string, users = USERS): string[] {
  const index = Number(userId.slice('user'.length))
  const distances = Array.from({ length: CONTACTS / 2 }, (_, distance) => distance + 1)
  return distances.flatMap((distance) => [
    userName(index - distance, users),
    userName(index + distance, users),
  ])
}
