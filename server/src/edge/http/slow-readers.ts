import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../kit/clock.ts'

/** How long a complete answer may wait for its reader. With the second until the next look, a busy machine has three. */
const READ_MS_MAX = 6_000
const LOOK_EVERY_MS = 1_000

/** An answer that is complete and that nobody takes holds memory and a socket: it is cut when its time is over. */
export const cutSlowReaders = (http: FastifyInstance, { monotonicMs }: Pick<Clock, 'monotonicMs'>): void => {
  const answering = new Map<ServerResponse, number>()
  http.addHook('onRequest', (_request, { raw }, done) => {
    answering.set(raw, monotonicMs())
    raw.once('close', () => answering.delete(raw))
    done()
  })
  // INVARIANT: an age is told by the clock. Counted in looks it stands still while a busy machine leaves some out.
  const look = setInterval(() => {
    const nowMs = monotonicMs()
    // A stream that is still being written has limits of its own (feed.ts, audit.ts); its end begins here.
    for (const [response, sinceMs] of answering)
      if (!response.writableEnded) answering.set(response, nowMs)
      else if (nowMs - sinceMs >= READ_MS_MAX) response.socket?.destroy()
  }, LOOK_EVERY_MS).unref()
  http.addHook('onClose', async () => clearInterval(look))
}
