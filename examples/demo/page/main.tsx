/// <reference types="vite/client" />
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { players } from '../people.ts'
import { App } from './app.tsx'
import { createSession } from './session.ts'
import './styles/base.css'
import './styles/panel.css'
import './styles/contacts.css'
import './styles/conversation.css'
import './styles/controls.css'

const wanted = new URLSearchParams(location.search).get('user')
const alone = players.filter(({ id }) => id === wanted)
// Made outside of React: they live as long as the page does, however often React mounts.
const sessions = (alone.length > 0 ? alone : players).map(createSession)

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App sessions={sessions} />
    </StrictMode>,
  )
}
