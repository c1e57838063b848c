import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
/** @type {unknown} */
const gc = runInNewContext('gc')
const collectGarbage = /** @type {() => void} */ (gc)

/** Bytes that are in use once all garbage is gone, buffers among them. */
export function heapNow() {
  collectGarbage()
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
