import type { Changes } from '../../kit/changes.ts'
import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import type { Random } from '../../kit/random.ts'
import { appendEvents } from '../../ledger/append.ts'
import { findingEvent } from '../finding-event.ts'
import { riskSignals } from '../open-risk.ts'
import { reopenExpired } from '../store-finding.ts'

const BATCH = 200

/** Opens findings again whose acceptance is over, each with its event. */
export const reopenFindings = (given: {
  database: Database
  changes: Pick<Changes, 'signal'>
  random: Random
  committed(): void
}): Job => ({
  name: 'observe: reopen findings',
  schedule: '20 * * * * *',
  run: async (now) => {
    const { database, changes, random } = given
    for (;;) {
      const count = await database.write(async (tx: AnyTx) => {
        const reopened = await reopenExpired(tx, now, BATCH)
        const requestId = random.id('req')
        await appendEvents(
          tx,
          reopened.map((finding) =>
            findingEvent(
              finding,
              { verb: 'reopen', before: 'accepted', after: 'open', because: 'the acceptance expired' },
              requestId,
            ),
          ),
          { random, now },
        )
        await changes.signal(tx, riskSignals(reopened.map(({ identity }) => identity)))
        return reopened.length
      })
      if (count > 0) given.committed()
      if (count < BATCH) return
    }
  },
})
