// Whoever waits for a disk needs more askers than who waits for nothing until it is busy all the time.
const CONNECTIONS = [64, 128, 256] as const
const WARM_SHARE = 2

/**
 * Warms a program up, and finds over how many connections it answers most, so that each is compared at its best. `round` is one of
 * so many seconds and gives the answers a second.
 */
export const saturating = async (
  seconds: number,
  round: (connections: number, seconds: number) => Promise<number>,
): Promise<number> => {
  const each = seconds / (WARM_SHARE + CONNECTIONS.length)
  await round(CONNECTIONS[1], each * WARM_SHARE)
  let best = { connections: 0, perSecond: 0 }
  for (const connections of CONNECTIONS) {
    const perSecond = await round(connections, each)
    if (perSecond > best.perSecond) best = { connections, perSecond }
  }
  return best.connections
}
