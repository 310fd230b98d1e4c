import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { coreFault } from '../kit/fault.ts'
import type { BrokerTables } from './schema.ts'
import { workingOf } from './store-credential.ts'

/** The credentials that would stop working with an identity: how many, a page of them, and where the next one begins. */
export const impactOnCredentials = async (
  db: Handle<BrokerTables>,
  identity: string,
  given: { readonly now: Date; readonly after: readonly (string | number)[] | undefined; readonly limit: number },
) => {
  const { now, after, limit } = given
  const place = after === undefined ? undefined : placeIn(after)
  const { items, total } = await workingOf(db, identity, { now, after: place, limit: limit + 1 })
  const page = items.slice(0, limit)
  const last = items.length > limit ? page.at(-1) : undefined
  return {
    total,
    items: page.map(({ id, kind, lastUsedAt }) => ({
      ...{ id, kind },
      lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt),
    })),
    next: last === undefined ? undefined : [last.createdAt, last.id],
  }
}

const Place = z.tuple([z.number(), z.string()])

const placeIn = (opened: readonly (string | number)[]) => {
  const place = Place.safeParse(opened)
  if (!place.success) throw coreFault('bad_cursor')
  const [createdAt, id] = place.data
  return { createdAt, id }
}
