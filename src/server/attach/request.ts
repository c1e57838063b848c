/**
 * The parts of Node's HTTP types that are needed, spelled out, so that the published types compile without
 * `@types/node`, and a server of another library fits too.
 */

/** The request of an upgrade. Node's `IncomingMessage` is one. */
export interface UpgradeRequest {
  readonly url?: string | undefined
  readonly headers: {
    readonly origin?: string | undefined
    readonly cookie?: string | undefined
    readonly authorization?: string | undefined
    readonly [name: string]: string | string[] | undefined
  }
}

/** The raw socket of an upgrade. Node's `Duplex` is one. */
export interface UpgradeSocket {
  end(data: string): unknown
}

/** The first bytes behind the request. Node's `Buffer` is one. */
export type UpgradeHead = Uint8Array
