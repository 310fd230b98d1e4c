import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import type { Random } from './random.ts'

/** A server that ends before it is ready is started again by whoever looks after it: each time a little later. */
export interface StartPause {
  /** Counts this start, and waits where several before it never got ready. */
  begin(): Promise<void>
  /** From now on this start counts for nothing. */
  ready(): void
}

const FREE_STARTS = 3
const FIRST_MS = 500
const PAUSE_MS_MAX = 8_000
// What failed longer ago than this has ended, or somebody looked at it.
const FORGOTTEN_MS = 60_000

/** Counts in this file. Where nobody may write, it waits for nothing: no start fails because of it. */
export const createStartPause = (
  file: string,
  given: { readonly clock: Clock; readonly random: Random; readonly log: Log; pause?(ms: number): Promise<unknown> },
): StartPause => {
  const { clock, random, log, pause = wait } = given
  return {
    begin: async () => {
      const unready = readCount(file, clock.now())
      keepCount(file, unready + 1, clock.now())
      if (unready < FREE_STARTS) return
      const wholeMs = Math.min(FIRST_MS * 2 ** (unready - FREE_STARTS), PAUSE_MS_MAX)
      // Replicas that fail together must not try again together.
      const pauseMs = Math.round(wholeMs * (0.5 + random.bytes(1).readUInt8() / 512))
      log.warn({ unready, pauseMs }, 'the last starts ended before they were ready: this one waits a little')
      await pause(pauseMs)
      keepCount(file, unready + 1, clock.now())
    },
    ready: () => rmSync(file, { force: true }),
  }
}

const readCount = (file: string, now: Date): number => {
  try {
    const [, count = '', at = ''] = /^(\d{1,9}) (\d{1,15})$/.exec(readFileSync(file, 'utf8')) ?? []
    return now.getTime() - Number(at) < FORGOTTEN_MS ? Number(count) : 0
  } catch {
    return 0
  }
}

const keepCount = (file: string, count: number, now: Date): void => {
  try {
    writeFileSync(file, `${count} ${now.getTime()}`, { mode: 0o600 })
  } catch {
    // A folder that cannot be written keeps no count.
  }
}
