/** Contacts with their presence, and whom one could add. */
import { formatLastSeen } from 'presencekit'
import type { PresenceClient } from 'presencekit/client'
import type { Person } from '../api-types.ts'
import type { Api } from './api.ts'
import { find, tell } from './dom.ts'

/** "Today" becomes "yesterday" without anybody doing anything. */
const REWRITE_EVERY_MS = 60_000

export function showPeople(client: PresenceClient, api: Api): void {
  const rows = new Map<string, HTMLElement>()
  let people: readonly Person[] = []

  const render = (person: Person): HTMLElement => {
    const row = rows.get(person.id) ?? createRow(person, act)
    rows.set(person.id, row)
    writeRow(row, person, client)
    return row
  }
  const renderAll = (): void => {
    arrange(find('#contacts', HTMLElement), people.filter(({ isContact }) => isContact).map(render))
    arrange(find('#others', HTMLElement), people.filter(({ isContact }) => !isContact).map(render))
  }
  const load = async (): Promise<void> => {
    people = await api.get<readonly Person[]>('people')
    renderAll()
  }
  const act = async (id: string, what: 'contact' | 'block'): Promise<void> => {
    const person = people.find((one) => one.id === id)
    const isSo = what === 'contact' ? person?.isContact : person?.isBlocked
    await (isSo ? api.delete : api.put)(`${what}s/${id}`)
    await load()
    // The row may have moved, and whoever works with the keyboard goes on from it.
    const row = rows.get(id)
    if (row) buttonFor(what, row).focus()
  }

  // The whole contact list, whoever joins it later, and whoever is lost from sight.
  client.subscribeContacts(({ userId }) => {
    const person = people.find(({ id }) => id === userId)
    if (person) render(person)
  })
  load().catch(tell)
  // Another tab may have changed the list meanwhile.
  window.addEventListener('focus', () => void load().catch(tell))
  setInterval(renderAll, REWRITE_EVERY_MS)
}

/** Leaves a list alone that is in order: to move a button is to take the focus from it. */
function arrange(list: HTMLElement, rows: readonly HTMLElement[]): void {
  const isInOrder = rows.length === list.children.length && rows.every((row, at) => list.children[at] === row)
  if (!isInOrder) list.replaceChildren(...rows)
}

function createRow(
  { id, name }: Person,
  act: (id: string, what: 'contact' | 'block') => Promise<void>,
): HTMLElement {
  const { content } = find('#person', HTMLTemplateElement)
  const row = find('li', HTMLElement, document.importNode(content, true))
  row.dataset.user = id
  find('b', HTMLElement, row).textContent = name
  for (const what of ['contact', 'block'] as const) {
    buttonFor(what, row).addEventListener('click', () => void act(id, what).catch(tell))
  }
  return row
}

function writeRow(
  row: HTMLElement,
  { id, name, isContact, isBlocked }: Person,
  client: PresenceClient,
): void {
  const presence = client.get(id)
  row.dataset.status = presence.status
  row.dataset.stale = String(presence.stale)
  find('.dot', HTMLElement, row).dataset.status = presence.status
  // Not visible is all there is to say: whether they block, hide or have not added you, nobody learns.
  const words = formatLastSeen(presence, { now: client.serverTime() }) || 'not visible to you'
  find('.soft', HTMLElement, row).textContent = isBlocked ? 'you have blocked them' : isContact ? words : ''
  label(buttonFor('contact', row), isContact ? 'Remove' : 'Add', name)
  label(buttonFor('block', row), isBlocked ? 'Unblock' : 'Block', name)
}

function buttonFor(what: 'contact' | 'block', row: HTMLElement): HTMLButtonElement {
  return find(`[data-act="${what}"]`, HTMLButtonElement, row)
}

function label(button: HTMLButtonElement, verb: string, name: string): void {
  button.textContent = verb
  button.setAttribute('aria-label', `${verb} ${name}`)
}
