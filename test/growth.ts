/** What of `growth` is too much: some 4 is by the length, 16 by its square. */
export const GROWTH_MAX = 8

/**
 * How many times longer something takes for four times the length; both are taken in turn by the same thread, and a
 * machine that is slow is so for both. Looked at by the clock first, where the cheapest turn of each counts. What seems too
 * much by that is judged by the processor time of this thread, which others of a busy machine do not add to.
 */
export const growth = (prepare: (length: number) => () => unknown, length: number): number => {
  const works = [prepare(length), prepare(4 * length)]
  const cheapest = (costOf: (work: () => unknown) => number, turnsMax: number): number => {
    const costs = works.map(() => Number.POSITIVE_INFINITY)
    const ratio = () => (costs[1] ?? 0) / (costs[0] ?? 0)
    // In the first turn the shorter one may have paid for what both use.
    for (let turn = 0; turn < TURNS_MIN || (turn < turnsMax && ratio() >= GROWTH_MAX); turn++)
      for (const [at, work] of works.entries()) costs[at] = Math.min(costs[at] ?? 0, costOf(work))
    return ratio()
  }
  const seen = cheapest(timeOf, TURNS_MAX)
  return seen < GROWTH_MAX ? seen : cheapest(processorTimeOf, TURNS_MIN)
}

const TURNS_MIN = 2
const TURNS_MAX = 8

const timeOf = (work: () => unknown): number => {
  const fromMs = performance.now()
  work()
  return performance.now() - fromMs
}

/** Linux counts it in steps of up to 4 ms: one time of many is all that can be told. */
const processorTimeOf = (work: () => unknown): number => {
  const from = process.threadCpuUsage()
  for (let times = 1; ; times++) {
    work()
    const { user, system } = process.threadCpuUsage(from)
    if (user + system > ENOUGH_US) return (user + system) / times
  }
}

const ENOUGH_US = 30_000
