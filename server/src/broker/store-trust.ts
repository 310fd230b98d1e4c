import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { rulesOf } from './domain/platform.ts'
import type { TrustTerms } from './domain/trust.ts'
import type { BrokerTables } from './schema.ts'

/** A federation trust with the credential that it belongs to. */
export interface StoredTrust {
  readonly credential: string
  readonly identity: string
  readonly name: string
  readonly state: string
  readonly expiresAt: number
  /** Of its identity; '' where that has none. */
  readonly team: string
  readonly terms: TrustTerms
}

/** Keeps what a credential believes. */
export const insertTrust = async (
  tx: Transaction<BrokerTables>,
  credential: string,
  { issuer, audience, platform, claims, tokens, regions, bundle }: TrustTerms,
): Promise<void> => {
  await tx
    .insertInto('broker_trust')
    .values({
      ...{ credential, issuer, audience, platform, tokens },
      claims: JSON.stringify(claims),
      regions: regions === undefined ? null : JSON.stringify(regions),
      bundle: bundle === undefined ? null : JSON.stringify(bundle),
    })
    .execute()
}

/** From here to the commit nobody else adds a trust. */
export const holdTrusts = async (tx: Transaction<BrokerTables>): Promise<void> => {
  await tx
    .updateTable('broker_counter')
    .set((eb) => ({ value: eb('value', '+', 1) }))
    .where('name', '=', 'trust')
    .execute()
}

/** The trusts in an issuer that are not revoked; served by broker_trust_issuer. */
export const trustsIn = async (
  db: Handle<BrokerTables>,
  issuer: string,
  audience?: string,
): Promise<readonly StoredTrust[]> => {
  let query = joined(db).where('broker_trust.issuer', '=', issuer).where('state', '<>', 'revoked')
  if (audience !== undefined) query = query.where('broker_trust.audience', '=', audience)
  return (await query.orderBy('broker_credential.id').execute()).map(toTrust)
}

/** What these credentials believe, by credential. */
export const trustsOf = async (
  db: Handle<BrokerTables>,
  credentials: readonly string[],
): Promise<ReadonlyMap<string, StoredTrust>> => {
  if (credentials.length === 0) return new Map()
  const rows = await joined(db).where('broker_trust.credential', 'in', credentials).execute()
  return new Map(rows.map((row) => [row.credential, toTrust(row)]))
}

const joined = (db: Handle<BrokerTables>) =>
  db
    .selectFrom('broker_trust')
    .innerJoin('broker_credential', 'broker_credential.id', 'broker_trust.credential')
    .select(['credential', 'identity', 'name', 'state', 'expires_at', 'team'])
    .select(['issuer', 'audience', 'platform', 'claims', 'tokens', 'regions', 'bundle'])

const Claims = z.record(z.string(), z.string())
const PlatformName = z.enum(['github', 'gitlab', 'kubernetes', 'google', 'entra', 'aws', 'spiffe', 'id-jag', 'other'])
const Regions = z.array(z.string())
const Bundle = z.union([
  z.strictObject({ url: z.string() }),
  z.strictObject({ keys: z.array(z.record(z.string(), z.unknown())) }),
])
const Tokens = z.enum(['once', 'again'])

interface TrustRow
  extends Pick<BrokerTables['broker_credential'], 'identity' | 'name' | 'state' | 'expires_at' | 'team'> {
  readonly credential: string
  readonly issuer: string
  readonly audience: string
  readonly platform: string
  readonly claims: string
  readonly tokens: string | null
  readonly regions: string | null
  readonly bundle: string | null
}

const toTrust = (row: TrustRow): StoredTrust => {
  const platform = PlatformName.parse(row.platform)
  return {
    credential: row.credential,
    identity: row.identity,
    name: row.name,
    state: row.state,
    expiresAt: row.expires_at,
    team: row.team ?? '',
    terms: {
      issuer: row.issuer,
      audience: row.audience,
      platform,
      claims: Claims.parse(JSON.parse(row.claims)),
      // Kept without a word of it: before a trust could say it.
      tokens: row.tokens === null ? rulesOf(platform).tokens : Tokens.parse(row.tokens),
      ...(row.regions === null ? {} : { regions: Regions.parse(JSON.parse(row.regions)) }),
      ...(row.bundle === null ? {} : { bundle: Bundle.parse(JSON.parse(row.bundle)) }),
    },
  }
}
