import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import type { ToldStop } from './domain/security-event.ts'
import { strongest } from './domain/stop-rule.ts'
import type { BrokerTables } from './schema.ts'

type Db = Handle<BrokerTables>

/** A page of what may be told, and the number of the last row that was looked at for it; undefined: there was none. */
export interface ToldPage {
  readonly told: readonly ToldStop[]
  readonly last: number | undefined
}

const NOTHING: ToldPage = { told: [], last: undefined }

/** Entries of the feed after `since`, in order, with what stopped each target. Served by broker_stop_of. */
export const toldAfter = async (db: Db, since: number, limit: number): Promise<ToldPage> => {
  const entries = await db
    .selectFrom('broker_revocation')
    .selectAll()
    .where('seq', '>', since)
    .orderBy('seq')
    .limit(limit)
    .execute()
  if (entries.length === 0) return NOTHING
  const stops = await db
    .selectFrom('broker_stop')
    .select(['target', 'seq', 'scope', 'subject', 'identity', 'stopped_by'])
    .where('target', 'in', [...new Set(entries.map(({ target }) => target))])
    .orderBy('seq')
    .execute()
  const byTarget = Map.groupBy(stops, ({ target }) => target)
  const owners = await ownersOf(db, stops)
  const told = entries.flatMap((entry): readonly ToldStop[] => {
    const own = byTarget.get(entry.target) ?? []
    // Of several, the one that this entry came of: the newest until then.
    const stop = own.findLast(({ seq }) => seq <= entry.seq) ?? own[0]
    if (stop === undefined) return []
    return [
      {
        seq: entry.seq,
        target: entry.target,
        verb: Verb.parse(entry.verb),
        until: toSeconds(entry.until),
        at: entry.at,
        ...toldOf(stop, owners),
      },
    ]
  })
  return { told, last: entries.at(-1)?.seq }
}

/** What is in force and was placed after `from`, until that number, each target once in each page. Served by broker_stop_in_force. */
export const inForceAfter = async (
  db: Db,
  from: number,
  given: { readonly until: number; readonly limit: number; readonly nowMs: number },
): Promise<ToldPage> => {
  const rows = await db
    .selectFrom('broker_stop')
    .selectAll()
    .where('released_at', 'is', null)
    .where('seq', '>', from)
    .where('seq', '<=', given.until)
    .orderBy('seq')
    .limit(given.limit)
    .execute()
  if (rows.length === 0) return NOTHING
  const all = await db
    .selectFrom('broker_stop')
    .select(['target', 'verb', 'until'])
    .where('released_at', 'is', null)
    .where('target', 'in', [...new Set(rows.map(({ target }) => target))])
    .execute()
  const terms = Map.groupBy(all, ({ target }) => target)
  const owners = await ownersOf(db, rows)
  const told = rows.flatMap((row): readonly ToldStop[] => {
    const term = strongest(
      (terms.get(row.target) ?? []).map(({ verb, until }) => ({ verb: StopVerb.parse(verb), until })),
    )
    if (term === undefined || (term.until !== null && term.until <= given.nowMs)) return []
    const { seq, target, stopped_at: at } = row
    return [{ seq, target, verb: term.verb, until: toSeconds(term.until), at, ...toldOf(row, owners) }]
  })
  return { told, last: rows.at(-1)?.seq }
}

const Verb = z.enum(['quarantine', 'release', 'revoke'])
const StopVerb = z.enum(['quarantine', 'revoke'])
const Scope = z.enum(['token', 'credential', 'instance', 'identity', 'owner', 'key', 'issuer'])

interface StopRow {
  readonly scope: string
  readonly subject: string
  readonly identity: string | null
  readonly stopped_by: string | null
}

const ownersOf = async (db: Db, stops: readonly StopRow[]): Promise<ReadonlyMap<string, string>> => {
  const ids = [...new Set(stops.filter(({ scope }) => scope === 'credential').map(({ subject }) => subject))]
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('broker_credential').select(['id', 'identity']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, identity }) => [id, identity]))
}

const toldOf = (stop: StopRow, owners: ReadonlyMap<string, string>) => {
  const scope = Scope.parse(stop.scope)
  return { scope, subject: stop.subject, identity: identityOf(scope, stop, owners), by: stop.stopped_by }
}

const identityOf = (
  scope: ToldStop['scope'],
  { subject, identity }: StopRow,
  owners: ReadonlyMap<string, string>,
): string | null => {
  if (scope === 'identity') return subject
  if (scope === 'credential') return owners.get(subject) ?? null
  // An id has no slash in it; the name of an instance may.
  if (scope === 'instance') return subject.slice(0, subject.indexOf('/'))
  if (scope === 'owner') return subject.split('/')[1] ?? null
  return identity
}

// Rounded up, as in the feed.
const toSeconds = (ms: number | null): number | null => (ms === null ? null : Math.ceil(ms / 1000))
