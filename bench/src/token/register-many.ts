import { createHash } from 'node:crypto'
import type { BrokerTables } from '../../../server/src/broker/schema.ts'
import { toRow } from '../../../server/src/inventory/store-identity.ts'
import { toTeamRow } from '../../../server/src/inventory/store-team.ts'
import { type DatabasePlace, type Handle, openDatabase } from '../../../server/src/kit/database.ts'
import { createRegister } from '../list/register.ts'

/** What an organisation has registered besides who is measured. */
export const MANY = { identities: 10_000, credentials: 100_000, trusts: 10_000, policies: 1_000 } as const

const ROWS = 500
const DAY_MS = 86_400_000

/** Whom the trusts believe: the same issuer and audience as the one that is measured, which is the hardest to tell apart. */
export interface Believed {
  readonly issuer: string
  readonly audience: string
}

/**
 * Fills the tables of a server that runs and has nothing to do: identities, their credentials, and trusts. By hand, as a
 * hundred thousand calls would take longer than what is measured.
 */
export const registerMany = async (place: DatabasePlace, believed: Believed): Promise<void> => {
  const database = openDatabase(place)
  const register = createRegister(MANY.identities)
  const now = new Date()
  // Nothing that is due: the jobs that end, warn and quarantine are not what is measured.
  const fresh = {
    lastUsedAt: now,
    expires: { at: later(now, 365), text: '365d' },
    review: { at: later(now, 80), text: '90d' },
  }
  const identities = Array.from({ length: MANY.identities }, (_, at) => ({ ...register.identityAt(at), ...fresh }))
  const ids = identities.map(({ id, ownerId }) => ({ id, ownerId }))
  const insert = (table: string, rows: readonly object[]) => insertAll(database, table, rows)
  try {
    await insert('inventory_team', register.teams.map(toTeamRow))
    await insert('inventory_identity', identities.map(toRow))
    const credentials = Array.from({ length: MANY.credentials + MANY.trusts }, (_, at) =>
      credentialAt(at, ids[at % ids.length], now),
    )
    await insert('broker_credential', credentials)
    await insert(
      'broker_trust',
      credentials.slice(MANY.credentials).map(({ id: credential }, at) => trustAt(at, credential, believed)),
    )
  } finally {
    await database.close()
  }
}

const later = (now: Date, days: number): Date => new Date(now.getTime() + days * DAY_MS)

const insertAll = async (database: ReturnType<typeof openDatabase>, table: string, rows: readonly object[]) => {
  for (let at = 0; at < rows.length; at += ROWS)
    await database.write(async (tx) => {
      // biome-ignore lint/suspicious/noExplicitAny: tables of two rooms in one hand, in a bench
      const db = tx as Handle<any>
      await db
        .insertInto(table)
        .values(rows.slice(at, at + ROWS))
        .execute()
    })
}

const credentialAt = (
  at: number,
  whose: { readonly id: string; readonly ownerId: string } | undefined,
  now: Date,
): BrokerTables['broker_credential'] => {
  const isTrust = at >= MANY.credentials
  const thumbprint = createHash('sha256').update(`bench ${at}`).digest('base64url')
  const publicJwk = JSON.stringify({ kty: 'EC', crv: 'P-256', x: thumbprint, y: thumbprint })
  return {
    id: `crd_bench${at}`,
    identity: whose?.id ?? '',
    kind: isTrust ? 'federation' : 'public-key',
    name: '',
    state: 'active',
    algorithm: isTrust ? null : 'ES256',
    key_id: null,
    thumbprint: isTrust ? null : thumbprint,
    public_jwk: isTrust ? null : publicJwk,
    secret_hash: null,
    created_at: now.getTime(),
    created_by: null,
    expires_at: later(now, 90).getTime(),
    last_used_at: now.getTime(),
    exception: null,
    state_at: now.getTime(),
    state_by: null,
    state_reason: null,
    team: whose?.ownerId ?? null,
    limits: null,
    jwks_uri: null,
    certificate_name: null,
    sealed: null,
    receiver: null,
    consumers_over_at: null,
  }
}

const trustAt = (at: number, credential: string, { issuer, audience }: Believed): BrokerTables['broker_trust'] => ({
  ...{ credential, issuer, audience, platform: 'other' },
  claims: JSON.stringify({ sub: `pipeline:${at}` }),
  tokens: null,
  regions: null,
  bundle: null,
})

const POLICIES_PER_FILE = 10
const APIS = 100

/** A directory of policies of three kinds about other APIs, none of which needs an approval. */
export const manyPolicies = () => ({
  directory: 'bench-many',
  resources: Array.from({ length: APIS }, (_, at) => ({
    name: `bench-api-${at}`,
    uri: `https://bench-api-${at}.example/`,
    environment: 'production',
    sensitivity: 'internal',
    actions: [{ name: `bench-api-${at}.read`, effect: 'read' }],
  })),
  policies: Array.from({ length: MANY.policies / POLICIES_PER_FILE }, (_, file) => ({
    name: `bench-${file}`,
    file: `policies/bench-${file}.cedar`,
    text: Array.from({ length: POLICIES_PER_FILE }, (__, at) => policyText(file * POLICIES_PER_FILE + at)).join('\n'),
  })),
})

const policyText = (at: number): string => {
  const conditions = [
    `principal.hasTag("team-${at % 50}")`,
    `context has sourceIp && context.sourceIp.isInRange(ip("10.${at % 200}.0.0/16"))`,
    `principal.kind == "bot" && principal.hasTag("team-${at % 50}") && context.now < datetime("2030-01-01")`,
  ]
  const effect = at % 10 === 9 ? 'forbid' : 'permit'
  return `@id("bench-${at}")\n${effect} (principal, action == Reeve::Action::"bench-api-${at % APIS}.read", resource)\nwhen { ${conditions[at % 3]} };`
}
