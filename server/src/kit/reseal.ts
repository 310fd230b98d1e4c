import { sql } from 'kysely'
import type { AnyDb, AnyTx } from './database.ts'
import type { Sealer } from './seal.ts'

/** A column of sealed texts, each sealed to its row. */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  /** What the row is named by in the seal: this column, or a JSON list of several. */
  readonly row: readonly string[]
}

/** Everything that is sealed in the database. A new sealed column joins this list, or cannot be opened one day. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'broker_signing_key', column: 'sealed', row: ['id'] },
  { table: 'broker_credential', column: 'sealed', row: ['id'] },
  { table: 'broker_stream', column: 'sealed', row: ['id'] },
  { table: 'inventory_connector', column: 'sealed', row: ['id'] },
  { table: 'ledger_key', column: 'sealed', row: ['id'] },
  { table: 'kit_idempotency', column: 'response', row: ['caller', 'key'] },
]

/**
 * Seals anew what other data keys than the one of now sealed, at most so many texts, and says how many it found. A text that
 * somebody else changed meanwhile stays as that one left it.
 */
export const resealSome = async (tx: AnyTx, sealer: Sealer, max: number): Promise<number> => {
  let found = 0
  for (const place of SEALED_COLUMNS) {
    if (found >= max) break
    found += await resealColumn(tx, sealer, place, max - found)
  }
  return found
}

/** Whether anything is sealed with another data key than the one of now. */
export const hasOlderSeals = async (db: AnyDb, sealer: Sealer): Promise<boolean> => {
  for (const place of SEALED_COLUMNS) if ((await olderSeals(db, sealer, place, 1)).length > 0) return true
  return false
}

const olderSeals = async (db: AnyDb | AnyTx, sealer: Sealer, { table, column, row }: SealedColumn, max: number) => {
  const prefix = `v1.${sealer.sealsWith()}.`
  const names = sql.join(row.map((name) => sql.ref(name)))
  const sealed = sql.ref(column)
  const { rows } = await sql<Record<string, string>>`
    select ${names}, ${sealed} as sealed_text from ${sql.table(table)}
    where ${sealed} <> '' and substr(${sealed}, 1, ${sql.lit(prefix.length)}) <> ${prefix}
    limit ${sql.lit(max)}`.execute(db)
  return rows
}

const resealColumn = async (tx: AnyTx, sealer: Sealer, place: SealedColumn, max: number): Promise<number> => {
  const { table, column, row } = place
  const rows = await olderSeals(tx, sealer, place, max)
  for (const found of rows) {
    const values = row.map((name) => found[name] ?? '')
    const at = { table, column, row: values.length === 1 ? (values[0] ?? '') : JSON.stringify(values) }
    const before = found.sealed_text ?? ''
    const plain = sealer.open(before, at)
    const after = sealer.seal(plain, at)
    plain.fill(0)
    const isRow = sql.join(
      row.map((name, index) => sql`${sql.ref(name)} = ${values[index]}`),
      sql` and `,
    )
    const text = sql.ref(column)
    await sql`update ${sql.table(table)} set ${text} = ${after} where ${isRow} and ${text} = ${before}`.execute(tx)
  }
  return rows.length
}
