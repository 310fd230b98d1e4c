import type { Changes } from '../../kit/changes.ts'
import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import type { Random } from '../../kit/random.ts'
import { appendEvents } from '../../ledger/append.ts'
import type { EventDraft } from '../../ledger/event.ts'
import { ownAct } from '../../ledger/own-act.ts'
import { riskSignals } from '../open-risk.ts'
import { type Reopened, reopenExpired } from '../store-finding.ts'

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
          reopened.map((finding) => toDraft(finding, requestId)),
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

const toDraft = (finding: Reopened, requestId: string): EventDraft =>
  ownAct(
    {
      kind: 'observe.finding.reopen',
      on:
        finding.identity === null
          ? DEPLOYMENT
          : { type: 'Identity', id: finding.identity, name: null, environment: null, team: finding.team },
      change: [{ field: 'state', before: 'accepted', after: 'open' }],
      evidence: { finding: finding.id, rule: finding.rule, because: 'the acceptance expired' },
    },
    requestId,
  )
