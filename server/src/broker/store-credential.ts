import type { TokenAlgorithm } from '@reeve/sdk'
import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { AnyTx, Handle } from '../kit/database.ts'
import { holdingAlone } from '../kit/hold-rows.ts'
import { readParts, type Scope } from '../kit/scope.ts'
import { type CertificateName, certificateNameTypes } from './domain/certificate-name.ts'
import { CREDENTIAL_KINDS, type CredentialKind } from './domain/credential-kind.ts'
import { CREDENTIAL_STATES, type CredentialState } from './domain/credential-state.ts'
import type { KeyLimits } from './domain/key-limits.ts'
import type { BrokerTables } from './schema.ts'

/** A credential as it is stored; of a secret there is only its digest, or where it must be replayed its seal. */
export interface Credential {
  readonly id: string
  readonly identity: string
  readonly kind: CredentialKind
  readonly name: string
  readonly state: CredentialState
  readonly algorithm: TokenAlgorithm | null
  readonly keyId: string | null
  /** Where its key set is, in place of a key. */
  readonly jwksUri: string | null
  readonly thumbprint: string | null
  readonly publicJwk: string | null
  readonly secretHash: string | null
  /** Of what signs webhooks: sealed, for those who check them; null once it is over. */
  readonly sealed: string | null
  readonly createdAt: number
  readonly createdBy: string | null
  readonly expiresAt: number
  readonly lastUsedAt: number | null
  readonly exception: string | null
  readonly stateAt: number
  readonly stateBy: string | null
  readonly stateReason: string | null
  /** The team of the identity. */
  readonly team: string | null
  /** Of an API key. */
  readonly limits: KeyLimits | null
  /** Of a certificate that a CA vouches for. */
  readonly certificateName: CertificateName | null
  /** When it was last used from somewhere that is not kept; null: from where it is used is known. */
  readonly consumersOverAt: number | null
}

/** Adds a credential; false when its key, or its key set, is registered already. */
export const insertCredential = async (tx: Transaction<BrokerTables>, credential: Credential): Promise<boolean> => {
  const inserted = await tx
    .insertInto('broker_credential')
    .values(toRow(credential))
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return inserted !== undefined
}

/** One credential. */
export const findCredential = async (db: Handle<BrokerTables>, id: string): Promise<Credential | undefined> => {
  const row = await db.selectFrom('broker_credential').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toCredential(row)
}

/** Those of these credentials that are there, by id. */
export const findCredentials = async (
  db: Handle<BrokerTables>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Credential>> => {
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('broker_credential').selectAll().where('id', 'in', ids).execute()
  return new Map(rows.map((row) => [row.id, toCredential(row)]))
}

/** The same, and nobody changes them until this transaction ends. */
export const holdCredentials = async (
  tx: Transaction<BrokerTables>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Credential>> => {
  // In one order everywhere, so that nobody waits in a circle.
  const query = tx.selectFrom('broker_credential').selectAll().where('id', 'in', ids).orderBy('id')
  const rows = await holdingAlone(tx, query).execute()
  return new Map(rows.map((row) => [row.id, toCredential(row)]))
}

/** An API key by its owner. */
export interface KeyOwner {
  readonly credential: string
  readonly identity: string
}

/** Whose API key has this digest; served by broker_credential_secret. */
export const findKeyOwner = (db: Handle<BrokerTables>, digest: string): Promise<KeyOwner | undefined> =>
  db
    .selectFrom('broker_credential')
    .select(['id as credential', 'identity'])
    .where('secret_hash', '=', digest)
    .where('kind', '=', 'api-key')
    .executeTakeFirst()

/** So many may work at once; more are refused when they are added, so that none stops without a word. */
export const WORKING_MAX = 1_000

/** How many credentials of an identity are neither over nor expired. Index broker_credential_identity. */
export const countWorking = async (db: Handle<BrokerTables>, identity: string, now: Date): Promise<number> => {
  const row = await db
    .selectFrom('broker_credential')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('identity', '=', identity)
    .where('state', 'not in', OVER)
    .where('expires_at', '>', now.getTime())
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

const OVER = ['retired', 'revoked'] as const

/** The newest credentials of an identity, whatever their state; those that are over come after all others. */
export const credentialsOf = async (
  db: Handle<BrokerTables>,
  identity: string,
  limit: number,
): Promise<readonly Credential[]> => {
  const rows = await db
    .selectFrom('broker_credential')
    .selectAll()
    .where('identity', '=', identity)
    .orderBy((eb) => eb.case().when('state', 'in', OVER).then(1).else(0).end())
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(toCredential)
}

/** The credentials of an identity that work, newest first, from after that place, and how many there are. */
export const workingOf = async (
  db: Handle<BrokerTables>,
  identity: string,
  { now, after, limit }: { readonly now: Date; readonly after: Place | undefined; readonly limit: number },
): Promise<{ readonly items: readonly Credential[]; readonly total: number }> => {
  // At most a thousand rows, by the index on the identity and the time, newest first.
  const rows = await working(db, now).where('identity', '=', identity).execute()
  const all = rows.map(toCredential)
  const from = after === undefined ? 0 : all.findIndex((each) => isNewer(after, each))
  return { items: from < 0 ? [] : all.slice(from, from + limit), total: all.length }
}

/** All that work, newest first. */
const working = (db: Handle<BrokerTables>, now: Date) =>
  db
    .selectFrom('broker_credential')
    .selectAll()
    .where('state', '=', 'active')
    .where('expires_at', '>', now.getTime())
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')

/** A place in a list that is newest first. */
type Place = Pick<Credential, 'createdAt' | 'id'>

// Expired ones stand among those that are not over, behind all that work.
const HELD_MAX = WORKING_MAX + 100
const HELD_OVER_MAX = 100

/**
 * All credentials of an identity that may work, what ends last first, and after them the newest that are over: each rotation
 * leaves one, and its tokens live a while. Index broker_credential_identity.
 */
export const heldCredentialsOf = async (db: Handle<BrokerTables>, identity: string): Promise<readonly Credential[]> => {
  const of = db.selectFrom('broker_credential').selectAll().where('identity', '=', identity)
  const standing = of
    .where('state', 'not in', OVER)
    .orderBy('expires_at', 'desc')
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(HELD_MAX)
  const over = of.where('state', 'in', OVER).orderBy('state_at', 'desc').orderBy('id', 'desc').limit(HELD_OVER_MAX)
  const [rows, rest] = await Promise.all([standing.execute(), over.execute()])
  return [...rows, ...rest].map(toCredential)
}

/** What of these identities works now, by identity, the newest first. Index broker_credential_identity. */
export const workingCredentialsOf = async (
  db: Handle<BrokerTables>,
  identities: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, readonly Credential[]>> => {
  if (identities.length === 0) return new Map()
  const rows = await working(db, now).where('identity', 'in', identities).execute()
  return Map.groupBy(rows.map(toCredential), ({ identity }) => identity)
}

/** So many secrets are told for one resource, the newest first; who signs with an older one is not believed. */
const SIGNING_MAX = 500

/** The secrets that sign webhooks to this resource and work now; served by broker_credential_receiver. */
export const signingSecretsTo = async (
  db: Handle<BrokerTables>,
  resource: string,
  now: Date,
): Promise<readonly Credential[]> => {
  const rows = await working(db, now).where('receiver', '=', resource).limit(SIGNING_MAX).execute()
  return rows.map(toCredential)
}

/** What a list of credentials is narrowed to, and where its page starts. */
export interface CredentialFilter {
  readonly identity?: string | undefined
  readonly state?: string | undefined
  readonly kind?: string | undefined
  readonly after?: { readonly createdAt: number; readonly id: string } | undefined
  readonly limit: number
}

/** A page of credentials, newest first; served by an index on (created_at, id) behind the identity or the team, or by itself. */
export const listCredentials = (
  db: Handle<BrokerTables>,
  scope: Scope,
  filter: CredentialFilter,
): Promise<readonly Credential[]> =>
  readParts(scope, { limit: filter.limit, isBefore: isNewer }, (team) => partOf(db, team, filter))

const isNewer = (one: Place, other: Place): boolean =>
  one.createdAt === other.createdAt ? one.id > other.id : one.createdAt > other.createdAt

const partOf = async (
  db: Handle<BrokerTables>,
  team: string | undefined,
  filter: CredentialFilter,
): Promise<readonly Credential[]> => {
  let query = db.selectFrom('broker_credential').selectAll()
  if (team !== undefined) query = query.where('team', '=', team)
  if (filter.identity !== undefined) query = query.where('identity', '=', filter.identity)
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  const { after } = filter
  if (after !== undefined)
    query = query.where((eb) =>
      eb.or([
        eb('created_at', '<', after.createdAt),
        eb.and([eb('created_at', '=', after.createdAt), eb('id', '<', after.id)]),
      ]),
    )
  const rows = await query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(filter.limit).execute()
  return rows.map(toCredential)
}

/** Gives the credentials of an identity to its new team. */
export const giveCredentials = async (tx: AnyTx, identity: string, team: string): Promise<void> => {
  const rooms: Transaction<BrokerTables> = tx
  await rooms.updateTable('broker_credential').set({ team }).where('identity', '=', identity).execute()
}

/** Moves a credential to a state, if it still is in the one that was seen. */
export const moveCredential = async (
  tx: Transaction<BrokerTables>,
  id: string,
  from: CredentialState,
  to: { readonly state: CredentialState; readonly by: string | null; readonly reason: string; readonly now: Date },
): Promise<boolean> => {
  const moved = await tx
    .updateTable('broker_credential')
    .set({ state: to.state, state_at: to.now.getTime(), state_by: to.by, state_reason: to.reason })
    // What is over is never replayed again.
    .$if(to.state === 'revoked' || to.state === 'retired', (query) => query.set({ sealed: null }))
    .where('id', '=', id)
    .where('state', '=', from)
    .returning('id')
    .executeTakeFirst()
  return moved !== undefined
}

/** Sets last-used where the given time is later than what is known. */
export const markCredentialsUsed = async (
  tx: AnyTx,
  uses: readonly { readonly credential: string; readonly at: Date }[],
): Promise<void> => {
  const broker: Transaction<BrokerTables> = tx
  const latest = new Map<string, number>()
  for (const use of uses) latest.set(use.credential, Math.max(latest.get(use.credential) ?? 0, use.at.getTime()))
  // In one order everywhere, so that two replicas never wait for each other.
  for (const [credential, at] of [...latest].sort())
    await broker
      .updateTable('broker_credential')
      .set({ last_used_at: at })
      .where('id', '=', credential)
      .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', at)]))
      .execute()
}

const Kind = z.enum(CREDENTIAL_KINDS)
const State = z.enum(CREDENTIAL_STATES)
const Algorithm: z.ZodType<TokenAlgorithm | null> = z.enum(['ES256', 'EdDSA', 'RS256', 'PS256']).nullable()
const Limits: z.ZodType<KeyLimits> = z.object({
  resource: z.string(),
  audience: z.string(),
  actions: z.array(z.string()),
  networks: z.array(z.string()),
  ratePerMinute: z.number().nullable(),
})

const Name: z.ZodType<CertificateName> = z.object({ type: z.enum(certificateNameTypes), value: z.string() })

const toCredential = (row: BrokerTables['broker_credential']): Credential => ({
  id: row.id,
  identity: row.identity,
  kind: Kind.parse(row.kind),
  name: row.name,
  state: State.parse(row.state),
  algorithm: Algorithm.parse(row.algorithm),
  keyId: row.key_id,
  jwksUri: row.jwks_uri,
  thumbprint: row.thumbprint,
  publicJwk: row.public_jwk,
  secretHash: row.secret_hash,
  sealed: row.sealed,
  createdAt: row.created_at,
  createdBy: row.created_by,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
  exception: row.exception,
  stateAt: row.state_at,
  stateBy: row.state_by,
  stateReason: row.state_reason,
  team: row.team,
  limits: row.limits === null ? null : Limits.parse(JSON.parse(row.limits)),
  certificateName: row.certificate_name === null ? null : Name.parse(JSON.parse(row.certificate_name)),
  consumersOverAt: row.consumers_over_at,
})

const toRow = (credential: Credential): BrokerTables['broker_credential'] => ({
  id: credential.id,
  identity: credential.identity,
  kind: credential.kind,
  name: credential.name,
  state: credential.state,
  algorithm: credential.algorithm,
  key_id: credential.keyId,
  jwks_uri: credential.jwksUri,
  thumbprint: credential.thumbprint,
  public_jwk: credential.publicJwk,
  secret_hash: credential.secretHash,
  sealed: credential.sealed,
  receiver: credential.kind === 'webhook-secret' ? (credential.limits?.resource ?? null) : null,
  created_at: credential.createdAt,
  created_by: credential.createdBy,
  expires_at: credential.expiresAt,
  last_used_at: credential.lastUsedAt,
  exception: credential.exception,
  state_at: credential.stateAt,
  state_by: credential.stateBy,
  state_reason: credential.stateReason,
  team: credential.team,
  limits: credential.limits === null ? null : JSON.stringify(credential.limits),
  certificate_name: credential.certificateName === null ? null : JSON.stringify(credential.certificateName),
  consumers_over_at: credential.consumersOverAt,
})
