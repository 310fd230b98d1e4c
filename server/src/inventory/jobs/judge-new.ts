import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import type { Identity } from '../domain/identity.ts'
import { daysAfter } from '../domain/moment.ts'
import { judgeThese } from '../posture/judge-these.ts'
import type { PosturePorts } from '../room.ts'
import { type Due, findDue, forgetDue } from '../store-due.ts'
import { identitiesById, identitiesUnjudged } from '../store-identity.ts'

const PAGE = 500

/**
 * Judges what was registered, adopted, linked, merged or split since the last turn: its risk is known within a minute,
 * not at the next whole judgement.
 */
export const judgeNewJob = (given: {
  readonly database: Database
  readonly ports: PosturePorts
  committed(): void
}): Job => ({
  name: 'inventory: judge new identities',
  schedule: '33 * * * * *',
  run: async (now) => {
    const { database, ports, committed } = given
    const judgePage = async (page: readonly Identity[], due: readonly Due[]) => {
      const { findings, keep } = await judgeThese(database.reader, ports, page, now)
      await database.write(async (tx: AnyTx) => {
        await keep(tx)
        await ports.findings.judged(tx, findings, now)
        await forgetDue(tx, due)
      })
      committed()
    }
    for (;;) {
      // What is older the hourly judgement has met.
      const page = await identitiesUnjudged(database.reader, daysAfter(now, -1), PAGE)
      if (page.length > 0) await judgePage(page, [])
      if (page.length < PAGE) break
    }
    for (;;) {
      const due = await findDue(database.reader, PAGE)
      const found = await identitiesById(
        database.reader,
        due.map(({ identityId }) => identityId),
      )
      const living = [...found.values()].filter(({ state }) => state !== 'retired')
      if (due.length > 0) await judgePage(living, due)
      if (due.length < PAGE) return
    }
  },
})
