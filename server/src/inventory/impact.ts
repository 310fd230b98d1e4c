import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import type { Subject } from '../kit/operation.ts'
import type { Identity } from './domain/identity.ts'
import { daysAfter } from './domain/moment.ts'
import { STATES } from './domain/state.ts'
import { fieldTerm } from './domain/terms.ts'
import type { InventoryPorts } from './room.ts'
import type { InventoryTables } from './schema.ts'
import { identitiesByName, livingChildren } from './store-identity.ts'
import { namesOfTerm } from './store-search.ts'
import { identitySubject } from './subject.ts'

const LATELY_DAYS = 30
const SHOWN_MAX = 50
const CREDENTIALS_MAX = 100

const Named = z.object({ id: z.string(), name: z.string(), environment: z.string(), state: z.enum(STATES) })

/** What stopping an identity will break. */
export const ImpactView = z.object({
  credentials: z
    .array(z.object({ id: z.string(), kind: z.string(), lastUsedAt: z.string().nullable() }))
    .describe(`those that work, the newest first; at most ${CREDENTIALS_MAX}`),
  credentialsTotal: z.number().int().describe('how many credentials work'),
  credentialsNext: z
    .string()
    .nullable()
    .describe('where they go on: `credentialsAfter` of `inventory.identity.impact`; null where these are all'),
  grants: z.array(z.object({ resource: z.string(), actions: z.array(z.string()) })),
  recentUse: z.array(
    z.object({ resource: z.string(), action: z.string().nullable(), at: z.string(), instance: z.string().nullable() }),
  ),
  dependants: z.array(Named.extend({ because: z.enum(['upstream', 'downstream']) })),
  children: z.array(Named),
  lastUsedAt: z.string().nullable(),
})

/** What stopping a team's identities will break: the first of them, and whether there are more. */
export const OwnerImpactView = z.object({ identities: z.array(Named), hasMore: z.boolean() })

type Db = Handle<InventoryTables>

/** What stops working when this identity is stopped, as far as is known now. */
export const impactOf = async (
  db: Db,
  ports: InventoryPorts,
  identity: Identity,
  given: {
    readonly now: Date
    readonly sees: (subject: Subject) => boolean
    readonly credentialsAfter?: string | undefined
  },
): Promise<z.infer<typeof ImpactView>> => {
  const { now, sees, credentialsAfter } = given
  const list = `inventory.identity.impact ${identity.id}`
  const after = credentialsAfter === undefined ? undefined : ports.cursors.open(list, credentialsAfter)
  const credentials = await ports.impact.credentials(db, identity.id, { after, limit: CREDENTIALS_MAX })
  const grants = await ports.impact.grants(db, identity.id)
  const recentUse = await ports.impact.recentUse(db, identity.id, daysAfter(now, -LATELY_DAYS))
  return {
    credentials: credentials.items.map((each) => ({ ...each, lastUsedAt: each.lastUsedAt?.toISOString() ?? null })),
    credentialsTotal: credentials.total,
    credentialsNext: credentials.next === undefined ? null : ports.cursors.make(list, credentials.next),
    grants: grants.map((each) => ({ resource: each.resource, actions: [...each.actions] })),
    recentUse: recentUse.slice(0, SHOWN_MAX).map((each) => ({ ...each, at: each.at.toISOString() })),
    dependants: await dependantsOf(db, identity, sees),
    children: (await livingChildren(db, identity.id, SHOWN_MAX)).map(named),
    lastUsedAt: identity.lastUsedAt?.toISOString() ?? null,
  }
}

/** Whom stopping this team's identities stops. */
export const ownerImpactOf = async (db: Db, teamId: string): Promise<z.infer<typeof OwnerImpactView>> => {
  const names = await namesOfTerm(db, fieldTerm('owner', teamId), '', SHOWN_MAX + 1)
  const found = await identitiesByName(db, names)
  return { identities: found.slice(0, SHOWN_MAX).map(named), hasMore: found.length > SHOWN_MAX }
}

/** Identities that say they receive from this one (it is their upstream) or deliver to it, as far as the caller may know. */
const dependantsOf = async (db: Db, identity: Identity, sees: (subject: Subject) => boolean) => {
  const found: (z.infer<typeof Named> & { because: 'upstream' | 'downstream' })[] = []
  for (const because of ['upstream', 'downstream'] as const) {
    const byName = await namesOfTerm(db, fieldTerm(because, identity.name), '', SHOWN_MAX)
    const byId = await namesOfTerm(db, fieldTerm(because, identity.id), '', SHOWN_MAX)
    for (const each of await identitiesByName(db, [...new Set([...byName, ...byId])]))
      if (each.state !== 'retired' && sees(identitySubject(each))) found.push({ ...named(each), because })
  }
  return found
}

const named = ({ id, name, environment, state }: Identity) => ({ id, name, environment, state })
