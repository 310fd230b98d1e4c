import type { AnyTx } from '../kit/database.ts'
import type { Signal } from '../kit/operation.ts'
import { type StreamOrigin, withOwn } from './domain/stream.ts'
import type { BrokerPorts } from './room.ts'
import { holdStreamsSetBy, updateStream } from './store-stream.ts'
import { undeliveredFinding } from './streams/stream-finding.ts'

const WHY = 'what set its delivery was stopped since: look where it leads, set it anew and enable it'

/**
 * Pauses the streams whose delivery this set that is being stopped. INVARIANT: in the transaction of the stop. Whoever stole a
 * token of a receiver has sent its events elsewhere by it, and they would go there for as long as the receiver lives. What
 * is to be told waits meanwhile, the receiver is told why, and so is its owner.
 */
export const pauseStreamsSetBy = async (
  tx: AnyTx,
  ports: Pick<BrokerPorts, 'findings'>,
  by: Partial<StreamOrigin> & { readonly issuer?: string },
  { now, newId }: { readonly now: Date; newId(prefix: string): string },
): Promise<readonly Signal[]> => {
  const streams = await holdStreamsSetBy(tx, by)
  for (const stream of streams) {
    const paused = { ...stream, status: 'paused', statusReason: WHY, retryAt: 0 } as const
    const at = Math.floor(now.getTime() / 1000)
    const told = { id: newId('set'), at, type: 'stream-updated', status: 'paused', reason: WHY } as const
    await updateStream(tx, withOwn(paused, told))
  }
  if (streams.length > 0)
    await ports.findings.report(
      tx,
      streams.map((stream) => undeliveredFinding(stream, WHY)),
      now,
    )
  return streams.map(({ id }) => ({ topic: 'stream', key: id }))
}
