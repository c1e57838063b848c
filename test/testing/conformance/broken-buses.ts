/** Buses that are wrong, each in one way, and the sentence that it breaks. */
import type { BusAdapter } from '../../../src/server/index.ts'
import type { Broken } from './broken-storages.ts'
import type { Break } from './opened.ts'

function broken(breaks: string, title: string, change: (bus: BusAdapter) => Partial<BusAdapter>): Broken {
  const wrap: Break = (storage) =>
    storage.bus ? { ...storage, bus: { ...storage.bus, ...change(storage.bus) } } : storage
  return { breaks, title, wrap }
}

export const brokenBuses: readonly Broken[] = [
  broken('bus 1', 'loses every tenth message', (bus) => {
    let count = 0
    return {
      async publish(address, message) {
        if (++count % 10 !== 0) await bus.publish(address, message)
      },
    }
  }),
  broken('bus 1', 'settles before it listens', (bus) => ({
    listen(address, onMessage) {
      setTimeout(() => void bus.listen(address, onMessage), 0)
    },
  })),
  broken('bus 1', 'listens at whatever begins alike', (bus) => ({
    listen: (address, onMessage) => bus.listen(address.trim().toLowerCase(), onMessage),
    publish: (address, message) => bus.publish(address.trim().toLowerCase(), message),
  })),
  broken('bus 2', 'listens once, and not again', (bus) => {
    let isListening = false
    return {
      async listen(address, onMessage) {
        if (!isListening) await bus.listen(address, onMessage)
        isListening = true
      },
    }
  }),
  broken('bus 2', 'goes on with the listeners of before', (bus) => {
    const all: ((message: string) => void)[] = []
    return {
      listen(address, onMessage) {
        all.push(onMessage)
        return bus.listen(address, (message) => {
          for (const listener of all) listener(message)
        })
      },
    }
  }),
  broken('bus 3', 'cuts large messages', (bus) => ({
    publish: (address, message) => bus.publish(address, message.slice(0, 65_536)),
  })),
  broken('bus 4', 'drops empty messages', (bus) => ({
    async publish(address, message) {
      if (message !== '') await bus.publish(address, message)
    },
  })),
  broken('bus 4', 'sends bytes where characters were', (bus) => ({
    publish: (address, message) => bus.publish(address, Buffer.from(message, 'latin1').toString('latin1')),
  })),
  broken('bus 5', 'fails where nobody listens', (bus) => ({
    async publish(address, message) {
      if (address.startsWith('nobody')) throw new Error('Nobody listens')
      await bus.publish(address, message)
    },
  })),
  broken('bus 6', 'never says that it failed', (bus) => ({
    async publish(address, message) {
      try {
        await bus.publish(address, message)
      } catch {
        // As if nothing were the matter.
      }
    },
  })),
  broken('bus 7', 'stops when a listener throws', (bus) => ({
    listen(address, onMessage) {
      let hasThrown = false
      return bus.listen(address, (message) => {
        if (hasThrown) return
        hasThrown = true
        onMessage(message)
        hasThrown = false
      })
    },
  })),
  {
    breaks: 'bus 8',
    title: 'goes on after the storage was closed',
    wrap: (storage) => ({ ...storage, close() {} }),
  },
]
