import { revocationTarget, tenureOf } from '@reeve/sdk'
import type { Transaction } from 'kysely'
import type { Handle } from '../kit/database.ts'
import { insertRows } from '../kit/insert-rows.ts'
import type { BrokerTables } from './schema.ts'
import { appendEntries, lockFeed, type NewStop, type Placed, stopsOf } from './store-stop.ts'

type Tx = Transaction<BrokerTables>

/** An identity that goes from one team to another. */
export interface OwnerMove {
  readonly identity: string
  readonly from: string
  readonly to: string
  readonly reason: string
  readonly by: string | null
  readonly now: Date
  /** When the last token that names the former owner has ended. */
  readonly until: Date
}

/**
 * Keeps that tokens which name the former owner are now the new one's to answer for: they are stopped while it is.
 * INVARIANT: the feed is locked before the owner's stops are read, as by whoever stops an owner, so that of a move and a
 * quarantine at the same moment the second sees what the first did.
 */
export const moveOwner = async (tx: Tx, move: OwnerMove, newId: () => string): Promise<Placed | undefined> => {
  await lockFeed(tx)
  await tx
    .insertInto('broker_tenure')
    .values({ identity: move.identity, former: move.from, owner: move.to, until: move.until.getTime() })
    .onConflict((conflict) =>
      conflict.columns(['identity', 'former']).doUpdateSet({ owner: move.to, until: move.until.getTime() }),
    )
    .execute()
  await tx.updateTable('broker_tenure').set({ owner: move.to }).where('identity', '=', move.identity).execute()
  const all = await tx
    .selectFrom('broker_tenure')
    .selectAll()
    .where('identity', '=', move.identity)
    .where('until', '>', move.now.getTime())
    .execute()
  const stops = await stopsOf(tx, 'owner', move.to)
  return stops.length > 0 ? stopTenures(tx, all, move, newId) : liftTenures(tx, all, move.now)
}

/** Stops what names another owner of what this one has now; the team itself was stopped by the caller. */
export const stopFormer = async (
  tx: Tx,
  owner: string,
  stop: Pick<NewStop, 'reason' | 'by' | 'now'>,
  newId: () => string,
): Promise<Placed | undefined> => stopTenures(tx, await tenuresOf(tx, owner, stop.now), stop, newId)

/** Lifts what `stopFormer` stopped. */
export const liftFormer = async (tx: Tx, owner: string, now: Date): Promise<Placed | undefined> =>
  liftTenures(tx, await tenuresOf(tx, owner, now), now)

/** Forgets former owners that no living token can name. */
export const sweepTenures = async (tx: Tx, now: Date): Promise<void> => {
  await tx.deleteFrom('broker_tenure').where('until', '<', now.getTime()).execute()
}

type Tenure = BrokerTables['broker_tenure']

/** Identities that may hold tokens which name this team as their owner, though it is no more. */
export const formerOf = async (db: Handle<BrokerTables>, team: string, now: Date): Promise<readonly string[]> => {
  const rows = await db
    .selectFrom('broker_tenure')
    .select('identity')
    .where('former', '=', team)
    .where('until', '>', now.getTime())
    .orderBy('identity')
    .execute()
  return rows.map(({ identity }) => identity)
}

const tenuresOf = (tx: Tx, owner: string, now: Date): Promise<readonly Tenure[]> =>
  tx
    .selectFrom('broker_tenure')
    .selectAll()
    .where('owner', '=', owner)
    .where('until', '>', now.getTime())
    .orderBy('identity')
    .execute()

const stopTenures = async (
  tx: Tx,
  tenures: readonly Tenure[],
  stop: Pick<NewStop, 'reason' | 'by' | 'now'>,
  newId: () => string,
): Promise<Placed | undefined> => {
  const stopped = new Set(await stoppedTargets(tx, tenures))
  const fresh = tenures.map(toNamed).filter(({ target }) => !stopped.has(target))
  if (fresh.length === 0) return undefined
  const head = await lockFeed(tx)
  const at = stop.now.getTime()
  await stopRows.into(
    tx,
    fresh.map(({ subject, target, until }, index) => [
      newId(),
      'owner',
      subject,
      target,
      'quarantine',
      stop.reason,
      stop.by,
      at,
      until,
      head + 1 + index,
    ]),
  )
  const entries = fresh.map(({ target, until }, index) => ({
    seq: head + 1 + index,
    target,
    verb: 'quarantine' as const,
    until,
  }))
  return appendEntries(tx, entries, stop.now)
}

const liftTenures = async (tx: Tx, tenures: readonly Tenure[], now: Date): Promise<Placed | undefined> => {
  const targets = await stoppedTargets(tx, tenures)
  if (targets.length === 0) return undefined
  const head = await lockFeed(tx)
  for (const some of inParts(targets))
    await tx
      .updateTable('broker_stop')
      .set({ released_at: now.getTime() })
      .where('target', 'in', some)
      .where('released_at', 'is', null)
      .execute()
  const entries = targets.map((target, index) => ({
    seq: head + 1 + index,
    target,
    verb: 'release' as const,
    until: null,
  }))
  return appendEntries(tx, entries, now)
}

// Nothing but this file stops a tenure, so that a target has one stop here or none.
const stoppedTargets = async (tx: Tx, tenures: readonly Tenure[]): Promise<readonly string[]> => {
  const found: string[] = []
  for (const some of inParts(tenures.map((tenure) => toNamed(tenure).target))) {
    const rows = await tx
      .selectFrom('broker_stop')
      .select('target')
      .where('target', 'in', some)
      .where('released_at', 'is', null)
      .orderBy('seq')
      .execute()
    found.push(...rows.map(({ target }) => target))
  }
  return found
}

const toNamed = ({ identity, former, until }: Tenure) => {
  const subject = tenureOf(identity, former)
  return { subject, target: revocationTarget('owner', subject), until }
}

const PART = 500

const inParts = (all: readonly string[]): readonly string[][] =>
  Array.from({ length: Math.ceil(all.length / PART) }, (_, at) => all.slice(at * PART, (at + 1) * PART))

const stopRows = insertRows('broker_stop', [
  'id',
  'scope',
  'subject',
  'target',
  'verb',
  'reason',
  'stopped_by',
  'stopped_at',
  'until',
  'seq',
])
