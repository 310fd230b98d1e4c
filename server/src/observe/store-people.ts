import type { Transaction } from 'kysely'
import type { AnyDb, Handle } from '../kit/database.ts'
import { insertRows } from '../kit/insert-rows.ts'
import type { PeopleUse, PersonDay } from './people-uses.ts'
import type { ObserveTables } from './schema.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** Adds what people were seen to use, and when their accounts acted. */
export const addPeople = async (
  tx: Transaction<ObserveTables>,
  uses: readonly PeopleUse[],
  days: readonly PersonDay[],
): Promise<void> => {
  await useRows.into(
    tx,
    uses.map(({ identity, credential, tool, at }) => [identity, credential, tool, at.getTime()]),
  )
  await dayRows.into(
    tx,
    days.map(({ person, day, hours }) => [person, day, hours]),
  )
}

const useRows = insertRows(
  'observe_people_use',
  ['identity', 'credential', 'tool', 'last_at'],
  ` on conflict (identity, credential, tool) do update set last_at = excluded.last_at
    where observe_people_use.last_at < excluded.last_at`,
)
const dayRows = insertRows(
  'observe_person_day',
  ['person', 'day', 'hours'],
  ' on conflict (day, person) do update set hours = observe_person_day.hours | excluded.hours',
)

/** Which credentials of these identities people used since a moment, and by which tool; by identity. */
export const usedByPeople = async (
  db: AnyDb,
  identityIds: readonly string[],
  since: Date,
): Promise<ReadonlyMap<string, readonly { readonly credential: string; readonly tool: string }[]>> => {
  if (identityIds.length === 0) return new Map()
  const handle: Handle<ObserveTables> = db
  const query = handle.selectFrom('observe_people_use').select(['identity', 'credential', 'tool'])
  const recent = query.where('identity', 'in', identityIds).where('last_at', '>=', since.getTime())
  const rows = await recent.orderBy('credential').orderBy('tool').execute()
  return Map.groupBy(rows, ({ identity }) => identity)
}

/** Of each person's account that acted since a moment the hours of each day. Index observe_person_day_pk. */
export const personDaysSince = async (
  db: AnyDb,
  since: Date,
): Promise<ReadonlyMap<string, readonly { readonly day: number; readonly hours: number }[]>> => {
  const handle: Handle<ObserveTables> = db
  const rows = await handle
    .selectFrom('observe_person_day')
    .selectAll()
    .where('day', '>=', Math.floor(since.getTime() / DAY_MS))
    .orderBy('person')
    .orderBy('day')
    .execute()
  return Map.groupBy(rows, ({ person }) => person)
}

/** Forgets what was seen before this moment. */
export const sweepPeople = async (tx: Transaction<ObserveTables>, before: Date): Promise<void> => {
  await tx.deleteFrom('observe_people_use').where('last_at', '<', before.getTime()).execute()
  await tx
    .deleteFrom('observe_person_day')
    .where('day', '<', Math.floor(before.getTime() / DAY_MS))
    .execute()
}
