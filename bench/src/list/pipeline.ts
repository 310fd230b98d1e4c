import type { Database } from '../../../server/src/kit/database.ts'
import { adminCaller, allowAll, openPipeline as openOn } from '../../../server/test/open-pipeline.ts'
import { NOW } from './register.ts'

const clock = { now: () => NOW, monotonicMs: () => performance.now() }

/** The pipeline on a database, as an admin calls it. What deciding costs, `npm run bench -- decide` tells. */
export const openPipeline = async (database: Database) => ({
  ...(await openOn(database, { clock, decider: allowAll })),
  caller: adminCaller,
})
