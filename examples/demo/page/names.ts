/** "Ada" of "Ada Keller". */
export function firstName(name: string): string {
  return name.split(' ', 1)[0] ?? name
}

/** "Keller" of "Ada Keller". */
export function familyName(name: string): string {
  return name.slice(firstName(name).length + 1)
}

/** "AK" of "Ada Keller". */
export function initials(name: string): string {
  return name
    .split(' ')
    .map((part) => part.charAt(0))
    .join('')
}
