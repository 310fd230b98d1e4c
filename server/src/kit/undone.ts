import { sql } from 'kysely'
import type { AnyTx } from './database.ts'

/** Does the work and undoes all that it wrote, whether it ends well or not; its answer stays. */
export const undone = async <T>(tx: AnyTx, work: () => Promise<T>): Promise<T> => {
  await sql`savepoint undone`.execute(tx)
  try {
    return await work()
  } finally {
    await sql`rollback to savepoint undone`.execute(tx)
    await sql`release savepoint undone`.execute(tx)
  }
}
