/** The one element of this kind that fits. */
export function find<Found extends HTMLElement>(
  selector: string,
  kind: new () => Found,
  within: ParentNode = document,
): Found {
  const found = within.querySelector(selector)
  if (found instanceof kind) return found
  throw new Error(`The page has no ${selector}`)
}

/** Calls of the page that go wrong in the background are told here. */
export function tell(fault: unknown): void {
  find('#fault', HTMLElement).textContent = fault instanceof Error ? fault.message : String(fault)
}
