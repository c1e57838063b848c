// Counts what a storage sends to Redis, where it leaves: every command once, whatever it does inside.

/**
 * @typedef {'read' | 'epochs' | 'swap' | 'list' | 'entry' | 'publish' | (string & {})} Kind
 *   `read`, `swap`: records of users; `epochs`: of the buckets; `list`: the index of nodes; `entry`: the entry of one;
 *   everything else goes by its own name
 * @typedef {{ readonly kind: Kind, readonly args: readonly (string | number)[] }} Sent
 * @typedef {{ call(name: string, args: readonly (string | number)[]): Promise<unknown> }} Connection
 */

/**
 * A client like the one given, of whose connections every command is told.
 *
 * @template {{ readonly isCluster: boolean, duplicate(...overrides: never[]): unknown }} Client
 * @param {Client} client
 * @param {(sent: Sent) => void} onSent
 * @returns {Client}
 */
export function countedClient(client, onSent) {
  const duplicate = (/** @type {never[]} */ ...overrides) => {
    const connection = /** @type {Connection} */ (client.duplicate(...overrides))
    const call = connection.call.bind(connection)
    connection.call = (name, args) => {
      onSent({ kind: kindOf(name, args), args })
      return call(name, args)
    }
    return connection
  }
  /** @type {unknown} */
  const counted = Object.create(client, { duplicate: { value: duplicate } })
  return /** @type {Client} */ (counted)
}

/**
 * @param {string} name
 * @param {readonly (string | number)[]} args
 * @returns {Kind}
 */
function kindOf(name, args) {
  const isScript = name === 'evalsha' || name === 'eval'
  if (name === 'spublish') return 'publish'
  if (!isScript && name !== 'mget') return name
  const keys = isScript ? args.slice(2, 2 + Number(args[1])).map(String) : args.map(String)
  if (keys.some((key) => key.includes(':u:'))) return isScript ? 'swap' : 'read'
  if (keys.some((key) => key.includes('{nodes}'))) return 'list'
  return keys.some((key) => key.includes('{node:')) ? 'entry' : 'epochs'
}

/**
 * Counts what a client sends, whoever uses it. Says how many that were so far.
 *
 * @param {import('ioredis').Redis} client
 */
export function countCommands(client) {
  let commands = 0
  const sendCommand = client.sendCommand.bind(client)
  client.sendCommand = (...details) => {
    commands++
    return sendCommand(...details)
  }
  return () => commands
}
