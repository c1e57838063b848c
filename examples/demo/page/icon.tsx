const PATHS = {
  goodbye: 'M8 3H4.5A1.5 1.5 0 0 0 3 4.5v7A1.5 1.5 0 0 0 4.5 13H8 M10.5 5 13.5 8l-3 3 M13 8H6.5',
  cable: 'M6 1.8v3 M10 1.8v3 M4 4.8h8v2.4a4 4 0 0 1-8 0z M8 11.2v3',
  heartbeat: 'M1.5 8.5h3l1.6-4.2 2.9 7.4 1.8-4.6.6 1.4h3.1',
} as const

/** A small drawing; the words beside it say what it means. */
export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
