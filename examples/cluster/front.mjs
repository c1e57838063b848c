// One port for all nodes: each connection goes to the next node that lives. In real life this is your load balancer.

import { connect, createServer } from 'node:net'

/**
 * @param {ReadonlyMap<string, import('./nodes.mjs').Node>} nodes
 * @param {number} port 0: any that is free
 */
export async function startFront(nodes, port) {
  /** @type {Map<string, number>} by node */
  const connections = new Map()
  let turn = 0

  const server = createServer((socket) => {
    const alive = [...nodes.values()]
    const node = alive[turn++ % alive.length]
    if (!node) return void socket.destroy()
    const upstream = connect(node.port, '127.0.0.1')
    count(node.name, 1)
    socket.pipe(upstream).pipe(socket)
    socket.on('error', () => upstream.destroy())
    upstream.on('error', () => socket.destroy())
    upstream.on('close', () => {
      socket.destroy()
      count(node.name, -1)
    })
  })

  /**
   * @param {string} name
   * @param {number} change
   */
  const count = (name, change) => connections.set(name, (connections.get(name) ?? 0) + change)

  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(undefined))
  })
  const { port: taken } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    url: `ws://127.0.0.1:${taken}/presence`,
    /** @param {string} name */
    connectionsOf: (name) => connections.get(name) ?? 0,
    stop: () => void server.close(),
  }
}
