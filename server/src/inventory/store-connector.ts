import type { Insertable, Selectable } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import type { Connector, ConnectorRun, ConnectorSecret } from './domain/connector.ts'
import type { ConnectorRow, InventoryTables } from './schema.ts'

type Db = Handle<InventoryTables>

/** How many connectors there may be. */
export const CONNECTORS_MAX = 200

/** A connector by id or name. */
export const findConnector = async (db: Db, idOrName: string): Promise<Connector | undefined> => {
  const row = await db
    .selectFrom('inventory_connector')
    .selectAll()
    .where(idOrName.startsWith('con_') ? 'id' : 'name', '=', idOrName)
    .executeTakeFirst()
  return row === undefined ? undefined : toConnector(row)
}

/** All of them, by name: there are few. */
export const listConnectors = async (db: Db): Promise<readonly Connector[]> => {
  const rows = await db.selectFrom('inventory_connector').selectAll().orderBy('name').limit(CONNECTORS_MAX).execute()
  return rows.map(toConnector)
}

/** Files a new one; false when its name is taken. */
export const insertConnector = async (tx: Db, connector: Connector): Promise<boolean> => {
  const row = await tx
    .insertInto('inventory_connector')
    .values({ ...toRow(connector), lease_holder: null, lease_until: 0 })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Writes what one has become; false where it is no more. */
export const updateConnector = async (tx: Db, connector: Connector): Promise<boolean> => {
  const { id, name: _, vendor: __, created_at: ___, created_by: ____, ...changes } = toRow(connector)
  const row = await tx
    .updateTable('inventory_connector')
    .set(changes)
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Removes one. */
export const deleteConnector = async (tx: Db, id: string): Promise<void> => {
  await tx.deleteFrom('inventory_connector').where('id', '=', id).execute()
}

/** Connectors that are to be asked now, those that wait longest first. */
export const dueConnectors = async (db: Db, now: Date, limit: number): Promise<readonly string[]> => {
  const rows = await db
    .selectFrom('inventory_connector')
    .select('id')
    .where('due_at', '<=', now.getTime())
    .orderBy('due_at')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** Takes one that is due for this replica until then, by one conditional write; undefined where another has it. */
export const leaseConnector = async (
  tx: Db,
  id: string,
  given: { readonly holder: string; readonly now: Date; readonly until: Date },
): Promise<Connector | undefined> => {
  const row = await tx
    .updateTable('inventory_connector')
    .set({ lease_holder: given.holder, lease_until: given.until.getTime() })
    .where('id', '=', id)
    .where('due_at', '<=', given.now.getTime())
    .where((eb) => eb.or([eb('lease_until', '<=', given.now.getTime()), eb('lease_holder', '=', given.holder)]))
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? undefined : toConnector(row)
}

/** Gives it back. */
export const freeConnector = async (tx: Db, id: string, holder: string): Promise<void> => {
  await tx
    .updateTable('inventory_connector')
    .set({ lease_holder: null, lease_until: 0 })
    .where('id', '=', id)
    .where('lease_holder', '=', holder)
    .execute()
}

/** What a run came to; when it is next. One that was asked for again meanwhile stays due. */
export const finishConnector = async (
  tx: Db,
  id: string,
  done: { readonly run: ConnectorRun; readonly startedAt: Date; readonly dueAt: Date },
): Promise<void> => {
  await tx
    .updateTable('inventory_connector')
    .set({ last_run: JSON.stringify(done.run) })
    .where('id', '=', id)
    .execute()
  await tx
    .updateTable('inventory_connector')
    .set({ due_at: done.dueAt.getTime() })
    .where('id', '=', id)
    .where('due_at', '<=', done.startedAt.getTime())
    .execute()
}

const Texts = z.record(z.string(), z.string())
const Mode = z.enum(['read-only', 'propose', 'enforce'])
const Run = z.object({
  startedAt: z.string(),
  endedAt: z.string(),
  outcome: z.enum(['complete', 'partial', 'failed']),
  sightings: z.number(),
  findings: z.number(),
  gone: z.number(),
  closed: z.number(),
  gaps: z.array(z.object({ part: z.string(), why: z.string() })),
  notes: z.array(z.string()),
  writes: z
    .array(
      z.object({
        key: z.string(),
        identity: z.string(),
        set: Texts,
        state: z.enum(['proposed', 'written', 'failed']),
        why: z.string().nullable(),
      }),
    )
    .default([]),
})

const toConnector = (row: Selectable<ConnectorRow>): Connector => ({
  id: row.id,
  name: row.name,
  vendor: row.vendor,
  mode: Mode.parse(row.mode),
  settings: Texts.parse(JSON.parse(row.settings)),
  without: z.array(z.string()).parse(JSON.parse(row.without)),
  everyHours: row.every_hours,
  secret: secretOf(row),
  createdAt: new Date(row.created_at),
  createdBy: row.created_by,
  dueAt: new Date(row.due_at),
  lastRun: row.last_run === null ? null : Run.parse(JSON.parse(row.last_run)),
})

const secretOf = ({
  sealed,
  secret_variable: variable,
  secret_file: file,
}: Selectable<ConnectorRow>): ConnectorSecret => {
  if (sealed !== '') return { kind: 'sealed', sealed }
  if (variable !== null) return { kind: 'variable', name: variable }
  return file === null ? { kind: 'none' } : { kind: 'file', name: file }
}

const toRow = (connector: Connector): Omit<Insertable<ConnectorRow>, 'lease_holder' | 'lease_until'> => ({
  id: connector.id,
  name: connector.name,
  vendor: connector.vendor,
  mode: connector.mode,
  settings: JSON.stringify(connector.settings),
  without: JSON.stringify(connector.without),
  every_hours: connector.everyHours,
  sealed: connector.secret.kind === 'sealed' ? connector.secret.sealed : '',
  secret_variable: connector.secret.kind === 'variable' ? connector.secret.name : null,
  secret_file: connector.secret.kind === 'file' ? connector.secret.name : null,
  created_at: connector.createdAt.getTime(),
  created_by: connector.createdBy,
  due_at: connector.dueAt.getTime(),
  last_run: connector.lastRun === null ? null : JSON.stringify(connector.lastRun),
})
