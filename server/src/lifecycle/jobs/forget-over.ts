import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import { sweepApprovals } from '../store-approval.ts'
import { sweepCodes } from '../store-code.ts'
import { sweepLogins } from '../store-login.ts'
import { sweepSessions } from '../store-session.ts'

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS
const KEEP_DAYS = 30

/**
 * Forgets sessions, enrolment codes and requests for approval that have been over for a month; until then an error can say
 * why they ended. An approval that was used stays; logins that waited are forgotten after an hour.
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
      // Whoever waited for one has been told long ago, and anybody may begin one.
      await sweepLogins(tx, new Date(now.getTime() - HOUR_MS))
    }),
})
