import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import { daysAfter } from '../domain/moment.ts'
import { judgeThese } from '../posture/judge-these.ts'
import type { PosturePorts } from '../room.ts'
import { identitiesUnjudged } from '../store-identity.ts'

const PAGE = 500

/** Judges what was registered or adopted since the last turn: its risk is known within a minute, not at the next whole judgement. */
export const judgeNewJob = (given: {
  readonly database: Database
  readonly ports: PosturePorts
  committed(): void
}): Job => ({
  name: 'inventory: judge new identities',
  schedule: '33 * * * * *',
  run: async (now) => {
    const { database, ports, committed } = given
    for (;;) {
      // What is older the hourly judgement has met.
      const page = await identitiesUnjudged(database.reader, daysAfter(now, -1), PAGE)
      if (page.length === 0) return
      const { findings, keep } = await judgeThese(database.reader, ports, page, now)
      await database.write(async (tx: AnyTx) => {
        await keep(tx)
        await ports.findings.judged(tx, findings, now)
      })
      committed()
      if (page.length < PAGE) return
    }
  },
})
