import type { Changes } from '../../kit/changes.ts'
import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import type { Random } from '../../kit/random.ts'
import { appendEvents } from '../../ledger/append.ts'
import type { EventDraft } from '../../ledger/event.ts'
import { findingEvent } from '../finding-event.ts'
import { createIdentityLookup } from '../identity-lookup.ts'
import { riskSignals } from '../open-risk.ts'
import type { ObservePorts } from '../room.ts'
import { reopenExpired } from '../store-finding.ts'

const BATCH = 200

/** Opens findings again whose acceptance is over, each with its event. */
export const reopenFindings = (given: {
  database: Database
  identities: ObservePorts['identities']
  changes: Pick<Changes, 'signal'>
  random: Random
  committed(): void
}): Job => ({
  name: 'observe: reopen findings',
  schedule: '20 * * * * *',
  run: async (now) => {
    const { database, identities, changes, random } = given
    for (;;) {
      const count = await database.write(async (tx: AnyTx) => {
        const reopened = await reopenExpired(tx, now, BATCH)
        const requestId = random.id('req')
        const identityOf = createIdentityLookup(identities, tx)
        const events: EventDraft[] = []
        for (const finding of reopened) {
          const move = { verb: 'reopen', before: 'accepted', after: 'open', because: 'the acceptance expired' } as const
          events.push(findingEvent(finding, await identityOf(finding.identity), move, requestId))
        }
        await appendEvents(tx, events, { random, now })
        await changes.signal(tx, riskSignals(reopened.map(({ identity }) => identity)))
        return reopened.length
      })
      if (count > 0) given.committed()
      if (count < BATCH) return
    }
  },
})
