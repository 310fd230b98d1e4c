import type { Generated } from 'kysely'

/** An entry as it was committed. */
interface Entry {
  position: Generated<number>
  id: string
  at: number
  kind: string
  outcome: string
  actor_id: string | null
  on_id: string | null
  team: string | null
  decision_id: string | null
  request_id: string
  body: string
}

/** Entries that were committed together, a list for each column, in one order. */
type Block = { position: Generated<number> } & {
  readonly [Name in Exclude<keyof Entry, 'position'>]: readonly Entry[Name][]
}

/**
 * The ledger's tables: entries that wait for a number, those that have one, the tree over these, and signed checkpoints.
 * An entry waits in one of the first two and then is in the log: it moves, in one transaction, as it gets its number.
 */
export interface LedgerTables {
  ledger_unnumbered: Entry
  /** On PostgreSQL alone. */
  ledger_block: Block
  /** A view: all that waits for its number, `place` by `place` where several have a position together. */
  ledger_waiting: Entry & { readonly place: number }
  /** Without a number is only what an older release, or a replica of one, wrote here. */
  ledger_entry: Entry & { seq: number | null }
  ledger_node: { level: number; idx: number; hash: string }
  ledger_state: { id: number; size: number; range: string; root: string; at: number }
  ledger_checkpoint: { size: number; note: string; at: number }
  ledger_kept: { digest: string; body: string; at: number }
  ledger_key: { id: string; vkey: string; sealed: string; created_at: number }
}
