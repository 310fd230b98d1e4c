// Whoever waits for a disk needs more askers than who waits for nothing until it is busy all the time. Of more than 256 the server has
// some wait, and sends away who would wait for long.
const CONNECTIONS = [32, 64, 128, 256] as const
const LOOKS = 3
const WARM_SHARE = 3

/**
 * Warms a program up, and finds over how many connections it answers most, so that each is compared at its best: the median of
 * three looks at each number, in turns. `round` is one of so many seconds and gives the answers a second.
 */
export const saturating = async (
  seconds: number,
  round: (connections: number, seconds: number) => Promise<number>,
): Promise<number> => {
  const each = seconds / (WARM_SHARE + LOOKS * CONNECTIONS.length)
  await round(CONNECTIONS[2], each * WARM_SHARE)
  const seen = new Map<number, number[]>(CONNECTIONS.map((connections) => [connections, []]))
  for (let look = 0; look < LOOKS; look++)
    for (const [connections, rates] of seen) rates.push(await round(connections, each))
  const medians = [...seen].map(([connections, rates]) => ({
    connections,
    perSecond: rates.toSorted((a, b) => a - b)[LOOKS >> 1] ?? 0,
  }))
  return medians.reduce((best, one) => (one.perSecond > best.perSecond ? one : best)).connections
}

/** Another one begins each round: what one program leaves to do later meets each of the others alike. */
export const inTurn = <T>(all: readonly T[], round: number): readonly T[] => {
  const first = round % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}
