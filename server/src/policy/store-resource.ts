import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { holding } from '../kit/hold-rows.ts'
import { byText, readParts, type Scope } from '../kit/scope.ts'
import type { Resource } from './domain/resource.ts'
import type { PolicyTables } from './schema.ts'

type Db = Handle<PolicyTables>

/** By id, unique name, or uri. */
export const findResource = async (db: Db, idOrName: string): Promise<Resource | undefined> => {
  const row = await db
    .selectFrom('policy_resource')
    .selectAll()
    .where((eb) => eb.or([eb('id', '=', idOrName), eb('name', '=', idOrName), eb('uri', '=', idOrName)]))
    .executeTakeFirst()
  return row === undefined ? undefined : toResource(row)
}

/** By its unique name alone. */
export const findResourceNamed = async (db: Db, name: string): Promise<Resource | undefined> => {
  const row = await db.selectFrom('policy_resource').selectAll().where('name', '=', name).executeTakeFirst()
  return row === undefined ? undefined : toResource(row)
}

/** Those with these ids. */
export const resourcesByIds = async (db: Db, ids: readonly string[]): Promise<readonly Resource[]> => {
  if (ids.length === 0) return []
  return (await db.selectFrom('policy_resource').selectAll().where('id', 'in', ids).execute()).map(toResource)
}

/** As `resourcesByIds`; what is found is not changed by others before this transaction ends. */
export const holdResources = async (tx: Db, ids: readonly string[]): Promise<readonly Resource[]> => {
  if (ids.length === 0) return []
  return (await holding(tx, tx.selectFrom('policy_resource').selectAll().where('id', 'in', ids)).execute()).map(
    toResource,
  )
}

/** All of them: resources are kept in memory, so their number is bounded by what an organisation runs. */
export const allResources = async (db: Db): Promise<readonly Resource[]> =>
  (await db.selectFrom('policy_resource').selectAll().orderBy('name').execute()).map(toResource)

/** A page in the order of names. */
export const listResources = (db: Db, scope: Scope, page: ResourcePage): Promise<readonly Resource[]> =>
  readParts(scope, { limit: page.limit, isBefore: byText(({ name }) => name), common: null }, (owner) =>
    partOf(db, owner, page),
  )

interface ResourcePage {
  readonly after: string | undefined
  readonly limit: number
  readonly environment?: string | undefined
  readonly sensitivity?: string | undefined
}

// A team's part, and that of nobody, are served by policy_resource_owner.
const partOf = async (db: Db, owner: string | null | undefined, page: ResourcePage): Promise<readonly Resource[]> => {
  let query = db.selectFrom('policy_resource').selectAll()
  if (owner === null) query = query.where('owner', 'is', null)
  else if (owner !== undefined) query = query.where('owner', '=', owner)
  if (page.after !== undefined) query = query.where('name', '>', page.after)
  if (page.environment !== undefined) query = query.where('environment', '=', page.environment)
  if (page.sensitivity !== undefined) query = query.where('sensitivity', '=', page.sensitivity)
  return (await query.orderBy('name').limit(page.limit).execute()).map(toResource)
}

/** Writes a new one. */
export const insertResource = async (db: Db, resource: Resource, now: Date): Promise<void> => {
  const at = now.getTime()
  await db
    .insertInto('policy_resource')
    .values({ ...toRow(resource), created_at: at, changed_at: at })
    .execute()
}

/** Writes one as it now is. */
export const updateResource = async (db: Db, resource: Resource, now: Date): Promise<void> => {
  await db
    .updateTable('policy_resource')
    .set({ ...toRow(resource), changed_at: now.getTime() })
    .where('id', '=', resource.id)
    .execute()
}

/** Removes one that nobody is granted. */
export const deleteResource = async (db: Db, id: string): Promise<void> => {
  await db.deleteFrom('policy_resource').where('id', '=', id).execute()
}

/** Whether the name or the uri belongs to another one. */
export const isResourceTaken = async (db: Db, resource: Pick<Resource, 'id' | 'name' | 'uri'>): Promise<boolean> => {
  const row = await db
    .selectFrom('policy_resource')
    .select('id')
    .where((eb) => eb.or([eb('name', '=', resource.name), eb('uri', '=', resource.uri)]))
    .where('id', '!=', resource.id)
    .executeTakeFirst()
  return row !== undefined
}

const Sensitivity = z.enum(['public', 'internal', 'confidential', 'regulated'])
const Algorithm = z.enum(['ES256', 'EdDSA', 'RS256', 'PS256'])
const Actions = z.array(z.object({ name: z.string(), effect: z.enum(['read', 'write', 'privileged', 'impersonate']) }))
const DetailTypes = z.array(
  z.object({
    type: z.string(),
    fields: z.record(
      z.string(),
      z.object({
        kind: z.enum(['text', 'number', 'flag', 'texts']),
        isRequired: z.boolean(),
        oneOf: z.array(z.string()).optional(),
        min: z.number().optional(),
        max: z.number().optional(),
      }),
    ),
  }),
)
const TagClaims = z.array(z.object({ tag: z.string(), claim: z.string() }))
const AwsSessionTags = z.array(z.object({ tag: z.string(), key: z.string(), isTransitive: z.boolean() }))

const toResource = (row: Selectable<PolicyTables['policy_resource']>): Resource => ({
  id: row.id,
  name: row.name,
  uri: row.uri,
  environment: row.environment,
  sensitivity: Sensitivity.parse(row.sensitivity),
  isCustomerFacing: row.is_customer_facing === 1,
  actions: Actions.parse(JSON.parse(row.actions)),
  algorithm: Algorithm.parse(row.algorithm),
  statusList: row.status_list === 1,
  isAuthorizationServer: row.is_authorization_server === 1,
  detailTypes: DetailTypes.parse(JSON.parse(row.detail_types)),
  tagClaims: TagClaims.parse(JSON.parse(row.tag_claims)),
  awsSessionTags: AwsSessionTags.parse(JSON.parse(row.aws_session_tags)),
  servedBy: z.array(z.string()).parse(JSON.parse(row.served_by)),
  owner: row.owner,
})

const toRow = (resource: Resource) => ({
  id: resource.id,
  name: resource.name,
  uri: resource.uri,
  environment: resource.environment,
  sensitivity: resource.sensitivity,
  is_customer_facing: resource.isCustomerFacing ? 1 : 0,
  actions: JSON.stringify(resource.actions),
  algorithm: resource.algorithm,
  status_list: resource.statusList ? 1 : 0,
  is_authorization_server: resource.isAuthorizationServer ? 1 : 0,
  detail_types: JSON.stringify(resource.detailTypes),
  tag_claims: JSON.stringify(resource.tagClaims),
  aws_session_tags: JSON.stringify(resource.awsSessionTags),
  served_by: JSON.stringify(resource.servedBy),
  owner: resource.owner,
})
