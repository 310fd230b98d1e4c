import { readFileSync } from 'node:fs'

const LOOK_MS = 20

/**
 * Watches how long the main thread of a process wanted to run and did not get a core, which others of the machine had: the most
 * of it within any stretch of so many milliseconds. Nothing where the system does not tell.
 */
export const watchRunDelay = (pid: number, stretchMs: number): { stop(): number } => {
  const seen: { readonly atMs: number; readonly delayMs: number }[] = []
  const look = (): void => {
    seen.push({ atMs: performance.now(), delayMs: delayMsOf(pid) })
  }
  look()
  const timer = setInterval(look, LOOK_MS)
  return {
    stop: () => {
      clearInterval(timer)
      look()
      let worst = 0
      let first = 0
      for (const { atMs, delayMs } of seen) {
        while (atMs - (seen[first]?.atMs ?? atMs) > stretchMs) first++
        worst = Math.max(worst, delayMs - (seen[first]?.delayMs ?? delayMs))
      }
      return worst
    },
  }
}

/** Run delay so far: the second figure of `schedstat`, in nanoseconds. */
const delayMsOf = (pid: number): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}
