/** AN EXAMPLE: whoever says they are Alice is Alice. */
import type { Person, SignIn } from '../api-types.ts'
import { find, tell } from './dom.ts'

export function showSignIn(then: (signIn: SignIn) => void): void {
  const main = find('#sign-in', HTMLElement)
  const signInAs = async (id: string): Promise<void> => {
    const response = await fetch('/api/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id }),
    })
    if (!response.ok) throw new Error('You are not let in')
    const signIn = (await response.json()) as SignIn
    main.hidden = true
    then(signIn)
  }
  const offer = async (): Promise<void> => {
    const people = (await (await fetch('/api/sign-in')).json()) as readonly Pick<Person, 'id' | 'name'>[]
    const buttons = people.map(({ id, name }) => {
      const button = document.createElement('button')
      button.textContent = name
      button.addEventListener('click', () => void signInAs(id).catch(tell))
      return button
    })
    find('#names', HTMLElement).replaceChildren(...buttons)
  }
  main.hidden = false
  offer().catch(tell)
}
