import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import { sweepConsumers } from '../store-consumer.ts'
import { sweepFollowers } from '../store-follower.ts'
import { sweepInstances } from '../store-instance.ts'
import { sweepStops } from '../store-stop.ts'
import { restartStreams } from '../store-stream.ts'
import { sweepTenures } from '../store-tenure.ts'
import { sweepVerifiers } from '../store-verifier.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const INSTANCE_DAYS = 30
const STOP_DAYS = 7
const CONSUMER_DAYS = 30

/** Removes what has ended: stops and their entries, instances, consumers, verifiers and replicas that nobody sees. */
export const sweepEnded = (database: Database, newEventId: () => string): Job => ({
  name: 'broker.sweep',
  schedule: '17 * * * * *',
  run: async (now) => {
    const ago = (ms: number) => new Date(now.getTime() - ms)
    await database.write(async (tx: AnyTx) => {
      // A day of the feed is kept for those who were away; who was away longer reads everything in force.
      await sweepStops(tx, { stops: ago(STOP_DAYS * DAY_MS), feed: ago(DAY_MS) })
      await restartStreams(tx, now, newEventId)
      await sweepInstances(tx, ago(INSTANCE_DAYS * DAY_MS))
      await sweepConsumers(tx, ago(CONSUMER_DAYS * DAY_MS))
      await sweepVerifiers(tx, now)
      await sweepFollowers(tx, now)
      await sweepTenures(tx, now)
    })
  },
})
