import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import { sweepApprovals } from '../store-approval.ts'
import { sweepCodes } from '../store-code.ts'
import { sweepSessions } from '../store-session.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const KEEP_DAYS = 30

/**
 * Forgets sessions, enrolment codes and requests for approval that have been over for a month; until then an error can say
 * why they ended. An approval that was used stays.
 */
export const forgetOver = (database: Database): Job => ({
  name: 'lifecycle: forget what is over',
  schedule: '0 17 * * * *',
  run: (now) =>
    database.write(async (tx: AnyTx) => {
      const before = new Date(now.getTime() - KEEP_DAYS * DAY_MS)
      await sweepSessions(tx, before)
      await sweepCodes(tx, before)
      await sweepApprovals(tx, before)
    }),
})
