// What something costs: commands and messages, counted where they leave; CPU and bytes, as Redis and this process tell.

/**
 * @typedef {object} Usage
 * @property {number} commands
 * @property {number} messages published
 * @property {number} messageBytes of those
 * @property {number} redisMicros CPU of Redis
 * @property {number} scriptMicros the part of it that our scripts ran
 * @property {number} redisBytes to and from Redis
 * @property {number} nodeMicros CPU of this process
 */

/** @returns {Usage} */
function nothing() {
  return {
    commands: 0,
    messages: 0,
    messageBytes: 0,
    redisMicros: 0,
    scriptMicros: 0,
    redisBytes: 0,
    nodeMicros: 0,
  }
}

/** @param {import('ioredis').Redis} admin */
export function createMeter(admin) {
  const counted = nothing()

  const read = async () => {
    const info = `${await admin.info('cpu')}${await admin.info('stats')}${await admin.info('commandstats')}`
    const number = (/** @type {RegExp} */ pattern) => Number(pattern.exec(info)?.[1] ?? 0)
    const { user, system } = process.cpuUsage()
    const redisSeconds = number(/used_cpu_sys:(\S+)/) + number(/used_cpu_user:(\S+)/)
    return {
      ...counted,
      redisMicros: redisSeconds * 1e6,
      scriptMicros: number(/cmdstat_evalsha:calls=\d+,usec=(\d+)/),
      redisBytes: number(/total_net_input_bytes:(\d+)/) + number(/total_net_output_bytes:(\d+)/),
      nodeMicros: user + system,
    }
  }
  /** Reading costs something, too. */
  const ofReading = async () => difference(await read(), await read())

  return {
    /** @type {(sent: import('./counted-client.mjs').Sent) => void} */
    count: ({ kind, args }) => {
      counted.commands++
      if (kind !== 'publish') return
      counted.messages++
      counted.messageBytes += Buffer.byteLength(String(args[1]))
    },
    /**
     * @param {number} units how many times what is measured is done
     * @param {() => Promise<unknown>} act
     * @returns {Promise<Usage>} of each
     */
    async measure(units, act) {
      const overhead = await ofReading()
      const before = await read()
      await act()
      const whole = difference(before, await read())
      return map(difference(overhead, whole), (value) => value / units)
    },
  }
}

/**
 * @param {Usage} before
 * @param {Usage} after
 * @returns {Usage}
 */
export function difference(before, after) {
  return map(after, (value, name) => value - before[name])
}

/**
 * @param {Usage} usage
 * @param {(value: number, name: keyof Usage) => number} change
 * @returns {Usage}
 */
export function map(usage, change) {
  const names = /** @type {(keyof Usage)[]} */ (Object.keys(usage))
  return Object.assign(nothing(), Object.fromEntries(names.map((name) => [name, change(usage[name], name)])))
}
