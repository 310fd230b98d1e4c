import { z } from 'zod'
import type { Clock } from '../../kit/clock.ts'
import type { Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import type { NumberedEvent } from '../../ledger/event.ts'
import { followLedger } from '../../ledger/follow.ts'
import { markCredentialsUsed } from '../store-credential.ts'
import { markInstancesSeen } from '../store-instance.ts'

/** Reads in the log which credentials got tokens and which instances were seen; loses nothing and counts nothing twice. */
export const followUse = (given: { readonly database: Database; readonly clock: Clock }): Job => ({
  name: 'broker.use.follow',
  schedule: '*/5 * * * * *',
  run: async () => {
    await followLedger(given.database, given.clock, 'broker.use', async (tx, events) => {
      const issued = events.filter((event) => event.kind === 'broker.token.issue' && event.outcome === 'done')
      await markCredentialsUsed(tx, issued.flatMap(useOf))
      await markInstancesSeen(tx, latestSeen(issued))
    })
  },
})

const At = z.coerce.date()

const useOf = (event: NumberedEvent) =>
  event.credential === null ? [] : [{ credential: event.credential, at: At.parse(event.at) }]

/** Each instance once, with the latest time, in one order on every replica. */
const latestSeen = (events: readonly NumberedEvent[]) => {
  const seen = new Map<string, { identity: string; instance: string; at: Date }>()
  for (const { actor, instance, at } of events)
    if (actor.id !== null && instance !== null)
      seen.set(`${actor.id}/${instance}`, { identity: actor.id, instance, at: At.parse(at) })
  return [...seen].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, each]) => each)
}
