/**
 * A time of day that can be stepped, for a process of its own: a small library that is loaded before the C library adds
 * an offset to it. What measures durations is left alone.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface SteppedClock {
  /** Why there is none; `null`: there is one. */
  readonly missing: string | null
  /** For the environment of the process. */
  readonly env: NodeJS.ProcessEnv
  /** Sets it so far off the truth. */
  setOffset(seconds: number): void
}

const SOURCE = fileURLToPath(new URL('stepped-clock.c', import.meta.url))

export function createSteppedClock(): SteppedClock {
  const folder = mkdtempSync(join(tmpdir(), 'presencekit-clock-'))
  process.on('exit', () => {
    rmSync(folder, { recursive: true, force: true })
  })
  const library = join(folder, 'stepped-clock.so')
  const file = join(folder, 'offset')
  const setOffset = (seconds: number): void => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(BigInt(seconds))
    // In place, for the process has it mapped.
    writeFileSync(file, bytes, { flag: 'r+' })
  }
  writeFileSync(file, Buffer.alloc(8))
  const missing = build(library)
  return {
    missing,
    env: missing === null ? { LD_PRELOAD: library, CLOCK_OFFSET_FILE: file } : {},
    setOffset,
  }
}

/** Gives why it could not be built. */
function build(library: string): string | null {
  if (process.platform !== 'linux') return 'the clock of a process can only be stepped on Linux'
  const { error, status } = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, SOURCE])
  if (error) return 'no C compiler: cc is not on PATH'
  return status === 0 ? null : 'cc could not build it: the headers of the C library are missing'
}
