// The control: presence as it is written by hand. A key with 60 s to live for each user who is online, set again by every
// heartbeat of every connection; a channel for each user; whoever changes publishes to each of their contacts, in one pipeline,
// as somebody writes it who knows how to.

const LIFE_S = 60

/**
 * @param {number} count of nodes
 * @param {import('./redis.mjs').BenchRedis} redis
 * @param {ReturnType<typeof import('./meter.mjs').createMeter>} meter
 * @param {ReturnType<typeof import('./tally.mjs').createTally>} tally of what contacts hear
 */
export async function openByHand(count, redis, meter, tally) {
  const nodes = Array.from({ length: count }, () => ({
    commands: redis.createClient(),
    subscriber: redis.createClient(),
  }))
  await Promise.all(nodes.flatMap(({ commands, subscriber }) => [commands.connect(), subscriber.connect()]))
  for (const { subscriber } of nodes) subscriber.on('message', () => tally.add(1))
  const at = (/** @type {number} */ index) => /** @type {(typeof nodes)[number]} */ (nodes[index % count])
  /** @type {(index: number, name: string, ...args: (string | number)[]) => Promise<unknown>} */
  const call = (index, name, ...args) => {
    meter.count({ kind: name, args })
    return at(index).commands.call(name, args)
  }

  /** @type {(user: string, status: string, contacts: readonly string[]) => Promise<unknown>} */
  const tell = (user, status, contacts) => {
    const message = JSON.stringify({ user, status, at: Date.now() })
    const pipeline = at(0).commands.pipeline()
    for (const contact of contacts) {
      meter.count({ kind: 'publish', args: [`to:${contact}`, message] })
      pipeline.publish(`to:${contact}`, message)
    }
    return pipeline.exec()
  }

  return {
    /** A contact who hears of others. @param {string} user @param {number} index */
    async watch(user, index) {
      await call(index, 'setex', `online:${user}`, LIFE_S, 'online')
      await at(index).subscriber.subscribe(`to:${user}`)
    },
    /** @param {string} user @param {number} index */
    beat: (user, index) => call(index, 'setex', `online:${user}`, LIFE_S, 'online'),
    /** @param {string} user @param {readonly string[]} contacts */
    async come(user, contacts) {
      await call(0, 'setex', `online:${user}`, LIFE_S, 'online')
      await call(0, 'mget', ...contacts.map((contact) => `online:${contact}`))
      await tell(user, 'online', contacts)
    },
    /** @param {string} user @param {string} status @param {readonly string[]} contacts */
    async change(user, status, contacts) {
      await call(0, 'setex', `online:${user}`, LIFE_S, status)
      await tell(user, status, contacts)
    },
    close: () => {
      for (const { commands, subscriber } of nodes) {
        commands.disconnect()
        subscriber.disconnect()
      }
    },
  }
}
