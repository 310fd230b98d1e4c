import type { GetNode } from '@reeve/sdk/ledger'
import type { Handle } from '../kit/database.ts'
import { LedgerRolledBack } from './rolled-back.ts'
import type { LedgerTables } from './schema.ts'

/** Reads the hash of a complete subtree from the database. */
export const nodeReader =
  (db: Handle<LedgerTables>): GetNode =>
  async (level, index) => {
    const row = await db
      .selectFrom('ledger_node')
      .select('hash')
      .where('level', '=', level)
      .where('idx', '=', index)
      .executeTakeFirst()
    if (row === undefined) throw new LedgerRolledBack(`the log's tree has no node ${level}/${index}`)
    return Buffer.from(row.hash, 'base64')
  }
