/** Sockets that do not say who they are, say it all at once, or wait for ever to be believed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Attacker, cut, hello, ONLINE, openAttacker, openMany, openMute, until } from './attacker.ts'
import { KB, limits, MB, openStreet, SOCKET, type Street } from './street.ts'

let street: Street
beforeAll(async () => {
  street = await openStreet()
})
afterAll(() => street.close())

describe('L7: before anybody is known', () => {
  test('thousands of sockets that say nothing are gone after helloMs, though they answer no close', async () => {
    const SILENT = 2_000
    await street.abuse({
      kind: 'silent sockets',
      bound: SILENT * SOCKET,
      async act() {
        const sockets = await openMany(SILENT, () => openMute(street.port))
        // The neighbour and the friend are left; a close that nobody answers has five seconds.
        const isGone = async () => (await street.measure()).connections <= 2
        expect(await until(isGone, limits.helloMs + 10_000)).toBe(true)
        return () => {
          for (const socket of sockets) socket.destroy()
        }
      },
    })
  })

  test('more hellos than admissionsPerSecond: the others are told when to come back, and are let in then', async () => {
    const ADMITTED = 100
    const CROWD = 10 * ADMITTED
    const gate = await openStreet({ admissionsPerSecond: ADMITTED, helloMs: 5_000 })
    await gate.abuse({
      kind: 'admission storm',
      bound: CROWD * SOCKET,
      async act() {
        const crowd = await openMany(CROWD, () => openAttacker(gate.url))
        for (const [index, { socket }] of crowd.entries()) socket.send(hello(`visitor${index}`))
        await Promise.all(crowd.map(({ came }) => came('welcome')))
        const refused = crowd.filter(({ code }) => code !== null)
        expect(refused.length).toBeGreaterThan(CROWD / 2)
        const ends = await Promise.all(refused.map(({ closed }) => closed))
        expect([...new Set(ends.map(({ code, reason }) => `${code} ${reason}`))]).toEqual([
          '1013 OVERLOAD 1000',
        ])
        const isLetIn = async () => {
          const again = await openAttacker(gate.url)
          again.socket.send(hello('visitor'))
          await again.came('welcome')
          cut([again])
          return again.code === null
        }
        expect(await until(isLetIn, 2_000)).toBe(true)
        return () => {
          cut(crowd)
        }
      },
    })
    await gate.close()
  })

  test('a token of a megabyte is not even read', async () => {
    const MANY = 20
    await street.abuse({
      kind: 'tokens of 1 MB',
      // What a socket has read at once, 64 kB, is all of it that is ever there.
      bound: MANY * (SOCKET + 64 * KB + limits.frameBytes),
      async act() {
        const token = 't'.repeat(MB)
        const many = await openMany(MANY, async () => {
          const attacker = await openAttacker(street.url)
          attacker.socket.send(hello(token))
          return attacker
        })
        const codes = await Promise.all(many.map(({ closed }) => closed))
        // Where the server closes before all has come, the rest is answered by a reset.
        for (const { code } of codes) expect([1009, 1006, 4102]).toContain(code)
        expect(codes.some(({ code }) => code === 1009)).toBe(true)
        return () => {
          cut(many)
        }
      },
    })
  })

  test('authenticate hangs: what waits for it is bounded by helloMs, and so is what came behind the hello', async () => {
    const MANY = 400
    const FRAME = `{"type":"fetch","users":["bob"],"ref":1,"more":"${'y'.repeat(16_000)}"}`
    const HEADERS = { 'x-padding': 'z'.repeat(12 * KB) }
    await street.hang('authenticate')
    await street.abuse({
      kind: 'authenticate hangs',
      // The frames that wait are as long as one, all together; another is on its way in.
      bound: MANY * (SOCKET + 12 * KB + 2 * limits.frameBytes),
      async act() {
        const many = await openMany(MANY, async (index) => {
          const attacker = await openAttacker(street.url, undefined, HEADERS)
          attacker.socket.send(hello(`slow${index}`))
          for (let frame = 0; frame < 8; frame++) attacker.socket.send(FRAME)
          return attacker
        })
        const codes = await Promise.all(many.map(({ closed }) => closed))
        // On a busy machine some hellos come too late by themselves.
        for (const { code } of codes) expect([1011, 4102]).toContain(code)
        expect(codes.filter(({ code }) => code === 1011).length).toBeGreaterThan(MANY / 2)
        return () => {
          cut(many)
        }
      },
      // The application holds who waits there for ever; by that it holds none of their requests.
      stays: MANY * KB,
    })
    await street.hang()
  })
})

describe('L7: tokens and sessions', () => {
  test('tokens sent over and over while authenticate hangs: one at a time is asked about', async () => {
    const MANY = 50
    await street.abuse({
      kind: 'tokens while authenticate hangs',
      bound: MANY * (SOCKET + 2 * limits.tokenBytes),
      async act() {
        const many = await openMany(MANY, (index) => openAttacker(street.url, `slow${index}`))
        await street.hang('authenticate')
        const token = JSON.stringify({ type: 'token', token: `slow${'t'.repeat(4_000)}` })
        for (let round = 0; round < 30; round++) for (const { socket } of many) socket.send(token)
        await Promise.all(many.map(({ socket }) => flushed(socket)))
        expect((await street.measure()).held).toBeLessThanOrEqual(MANY)
        return async () => {
          cut(many)
          await street.hang()
        }
      },
    })
  })

  test('more than sessionsPerUser sessions of one user, opened over and over', async () => {
    await street.abuse({
      kind: 'sessions of one user',
      bound: 400 * SOCKET,
      async act() {
        const all: Attacker[] = []
        for (let round = 0; round < 4; round++) {
          const crowd = await openMany(100, async () => {
            const attacker = await openAttacker(street.url)
            attacker.socket.send(hello('many'))
            attacker.socket.send(ONLINE)
            await Promise.race([attacker.came('self'), attacker.came('LIMIT')])
            return attacker
          })
          all.push(...crowd)
        }
        expect(all.filter(({ counts }) => counts.has('self'))).toHaveLength(limits.sessionsPerUser)
        return () => {
          cut(all)
        }
      },
    })
  })
})

/** All that was sent has reached the server: it answers the ping behind it. */
async function flushed(socket: Attacker['socket']): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.once('pong', () => {
      resolve()
    })
    socket.once('close', () => {
      resolve()
    })
    socket.ping()
  })
}
