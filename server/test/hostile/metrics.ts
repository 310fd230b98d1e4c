import type { RunningServer } from '../process.ts'

/** What the server says of itself since it was asked last. */
export interface Vitals {
  /** The longest time that its event loop did not turn, since the last time this was asked. */
  readonly blockedMs: number
  /** All processor time so far. */
  readonly cpuMs: number
  readonly rssBytes: number
}

/** Asks `/metrics`. */
export const vitalsOf = async (server: RunningServer): Promise<Vitals> => {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  return {
    blockedMs: value('nodejs_eventloop_lag_max_seconds') * 1000,
    cpuMs: value('process_cpu_seconds_total') * 1000,
    rssBytes: value('process_resident_memory_bytes'),
  }
}
