/** The cast. Two are played on the page, the others by Node clients. */

/** Somebody with an account. */
export interface Person {
  readonly id: string
  readonly name: string
  /** Of the avatar, 0 to 360. */
  readonly hue: number
}

/** Whoever looks at the page plays these. */
export const players: readonly Person[] = [
  { id: 'ada', name: 'Ada Keller', hue: 285 },
  { id: 'bob', name: 'Bob Marsh', hue: 205 },
]

/** These live by themselves. */
export const livelyPeople: readonly Person[] = [
  { id: 'amara', name: 'Amara Okafor', hue: 25 },
  { id: 'chen', name: 'Chen Wei', hue: 165 },
  { id: 'diego', name: 'Diego Fuentes', hue: 60 },
  { id: 'elif', name: 'Elif Yılmaz', hue: 330 },
  { id: 'freya', name: 'Freya Lindqvist', hue: 240 },
  { id: 'hiro', name: 'Hiro Tanaka', hue: 120 },
  { id: 'ines', name: 'Inês Moreau', hue: 5 },
  { id: 'jonas', name: 'Jonas Weber', hue: 190 },
  { id: 'kavya', name: 'Kavya Iyer', hue: 305 },
  { id: 'liam', name: 'Liam Byrne', hue: 90 },
  { id: 'noor', name: 'Noor Haddad', hue: 40 },
  { id: 'tomas', name: 'Tomás Silva', hue: 265 },
]

const people: readonly Person[] = [...players, ...livelyPeople]
const peopleById = new Map(people.map((person) => [person.id, person]))

/** Everybody knows everybody. */
export const contactBook: ReadonlyMap<string, readonly string[]> = new Map(
  people.map(({ id }) => [id, people.filter((other) => other.id !== id).map((other) => other.id)]),
)

/** The person of an id, if there is one. */
export function personOf(id: string): Person | undefined {
  return peopleById.get(id)
}

/** Whom somebody knows, the other player first. */
export function contactsOf(id: string): readonly Person[] {
  return people.filter((person) => person.id !== id)
}
