/**
 * The parts of Node's HTTP types that are needed, spelled out, so that the published types compile without
 * `@types/node`, and a server of another library fits too.
 */

/** The request of an upgrade. Node's `IncomingMessage` is one. */
export interface UpgradeRequest {
  /** Path and query. */
  readonly url?: string | undefined
  /** By lower-case name. */
  readonly headers: {
    /** The site that a browser's page is from; others send none. */
    readonly origin?: string | undefined
    /** All cookies in one string. */
    readonly cookie?: string | undefined
    /** Not from browsers, which cannot set it on an upgrade. */
    readonly authorization?: string | undefined
    readonly [name: string]: string | string[] | undefined
  }
}

/** The raw socket of an upgrade. Node's `Duplex` is one. */
export interface UpgradeSocket {
  /** Bytes that were written and have not left yet. */
  readonly writableLength: number
  /** Sends bytes. */
  write(data: Uint8Array): unknown
  /** Sends characters, each of them a byte. */
  write(data: string, encoding: 'latin1'): unknown
  /** Sends and closes. */
  end(data: string): unknown
  /** As of an event emitter. */
  on(type: 'error', listener: () => void): unknown
  /** As of an event emitter. */
  off(type: 'error', listener: () => void): unknown
}

/** The first bytes behind the request. Node's `Buffer` is one. */
export type UpgradeHead = Uint8Array
