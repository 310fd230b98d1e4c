import type { Clock } from '../../kit/clock.ts'

/** An answer, or what stands for it: `close` says that it was taken or is gone. */
export interface Watched {
  readonly writableEnded: boolean
  readonly socket: { destroy(): unknown } | null
  once(event: 'close', listener: () => void): unknown
}

/** Cuts those who take too long to read their answers. */
export interface SlowReaders {
  /** From now on the answer has to be taken in time, once it is complete. */
  watch(response: Watched): void
  stop(): void
}

/** How long a complete answer may wait for its reader. With the second until the next look, a busy machine has three. */
const READ_MS_MAX = 6_000
// Often, so that few are cut in one turn.
const LOOK_EVERY_MS = 250

/** An answer that is complete and that nobody takes holds memory and a socket: it is cut when its time is over. */
export const cutSlowReaders = ({ monotonicMs }: Pick<Clock, 'monotonicMs'>): SlowReaders => {
  const answering = new Map<Watched, number>()
  // INVARIANT: an age is told by the clock. Counted in looks it stands still while a busy machine leaves some out.
  const look = setInterval(() => {
    const nowMs = monotonicMs()
    // A stream that is still being written has limits of its own (feed.ts, audit.ts); its end begins here.
    for (const [response, sinceMs] of answering)
      if (!response.writableEnded) answering.set(response, nowMs)
      else if (nowMs - sinceMs >= READ_MS_MAX) response.socket?.destroy()
  }, LOOK_EVERY_MS).unref()
  return {
    watch: (response) => {
      answering.set(response, monotonicMs())
      response.once('close', () => answering.delete(response))
    },
    stop: () => clearInterval(look),
  }
}
