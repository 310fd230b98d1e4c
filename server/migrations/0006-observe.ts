import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** Findings, what was used, and the log's index by request. */
export const observe: Migration = {
  up: async (db) => {
    const text = byteText(db)
    await db.schema
      .createTable('observe_finding')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('source', text, (c) => c.notNull())
      .addColumn('fingerprint', text, (c) => c.notNull())
      .addColumn('rule', text, (c) => c.notNull())
      .addColumn('severity', 'text', (c) => c.notNull())
      .addColumn('severity_rank', 'integer', (c) => c.notNull())
      .addColumn('confidence', 'text', (c) => c.notNull())
      .addColumn('owasp', 'text', (c) => c.notNull())
      .addColumn('title', 'text', (c) => c.notNull())
      .addColumn('why', 'text', (c) => c.notNull())
      .addColumn('fix', 'text', (c) => c.notNull())
      .addColumn('identity', text)
      .addColumn('sighting', 'text')
      .addColumn('place', 'text')
      .addColumn('evidence', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('first_seen', 'bigint', (c) => c.notNull())
      .addColumn('last_seen', 'bigint', (c) => c.notNull())
      .addColumn('scanned_at', 'bigint')
      .addColumn('closed_at', 'bigint')
      .addColumn('accepted_by', 'text')
      .addColumn('accepted_reason', 'text')
      .addColumn('accepted_at', 'bigint')
      .addColumn('accepted_until', 'bigint')
      .addUniqueConstraint('observe_finding_same', ['source', 'fingerprint'])
      .execute()
    // The list: worst first, then newest; every filter keeps that order.
    await sql`create index observe_finding_list on observe_finding (severity_rank, first_seen desc, id)`.execute(db)
    await sql`create index observe_finding_state on observe_finding (state, severity_rank, first_seen desc, id)`.execute(
      db,
    )
    await sql`create index observe_finding_identity on observe_finding (identity, severity_rank, first_seen desc, id) where identity is not null`.execute(
      db,
    )
    await sql`create index observe_finding_rule on observe_finding (rule, severity_rank, first_seen desc, id)`.execute(
      db,
    )
    await sql`create index observe_finding_accepted on observe_finding (accepted_until) where state = 'accepted'`.execute(
      db,
    )
    await db.schema
      .createTable('observe_use')
      .addColumn('identity', text, (c) => c.notNull())
      .addColumn('resource', text, (c) => c.notNull())
      .addColumn('action', text, (c) => c.notNull())
      .addColumn('instance', text, (c) => c.notNull())
      .addColumn('last_at', 'bigint', (c) => c.notNull())
      .addColumn('count', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('observe_use_pk', ['identity', 'resource', 'action', 'instance'])
      .execute()
    await db.schema.createIndex('observe_use_lately').on('observe_use').columns(['identity', 'last_at']).execute()
    await db.schema.createIndex('observe_use_old').on('observe_use').column('last_at').execute()
    // A search from the end of the log reads this instead of the entries; the numbers ascend, so it only grows at its end.
    await sql`create index ledger_entry_search on ledger_entry (seq, at, outcome, kind) where seq is not null`.execute(
      db,
    )
    // `why req_…`: everything that one request caused.
    await db.schema.createIndex('ledger_entry_request').on('ledger_entry').column('request_id').execute()
  },
}
