/** What has to be stopped when a bench ends, however it ends: nothing that was started outlives it. */
export const createStops = () => {
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) await each()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop().finally(() => process.exit(1)))
  return {
    /** Hands back what was started, and remembers to stop it. */
    started: <One extends { stop(): Promise<void> }>(one: One): One => {
      stops.push(() => one.stop())
      return one
    },
    stop,
  }
}
