import type { Generated } from 'kysely'

/** The ledger's tables: entries as they were committed, their numbers, the tree over them, and signed checkpoints. */
export interface LedgerTables {
  ledger_entry: {
    position: Generated<number>
    id: string
    seq: number | null
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
  ledger_node: { level: number; idx: number; hash: string }
  ledger_state: { id: number; size: number; range: string; root: string; at: number }
  ledger_checkpoint: { size: number; note: string; at: number }
  ledger_kept: { digest: string; body: string; at: number }
  ledger_key: { id: string; vkey: string; sealed: string; created_at: number }
}
