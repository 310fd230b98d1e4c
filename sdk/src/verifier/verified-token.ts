import { isReservedClaim } from '../reserved-claims.ts'
import type { JsonObject } from '../strict-json.ts'
import type { AccessTokenClaims, AuthorizationDetail, ReeveClaims } from '../wire.ts'
import { actorsOf } from './delegation.ts'

/** A token whose signature, claims and standing were judged; frozen, as it is shared between requests. */
export interface VerifiedToken {
  /** The id of the identity, `nhi_…`. */
  readonly identity: string
  readonly name: string
  readonly environment: string
  readonly tier: ReeveClaims['tier']
  /** The team that answers for the identity. */
  readonly owner: string
  readonly credential: string
  readonly instance: string | undefined
  readonly workflow: ReeveClaims['workflow']
  /** The ids of those who act for the identity (RFC 8693), the one who acts now first; empty when it acts itself. */
  readonly actors: readonly string[]
  readonly scopes: readonly string[]
  /** What it is for, more exactly than its scopes say (RFC 9396); most tokens have none. */
  readonly details: readonly AuthorizationDetail[]
  readonly expiresAtSeconds: number
  readonly claims: AccessTokenClaims
  /** Tags of the identity, where the resource asks for them, by the claims that it registered for them. */
  readonly tags: Readonly<Record<string, string>>
}

const NO_DETAILS: readonly AuthorizationDetail[] = Object.freeze([])

/** The view of a token that handlers work with. */
export const toVerifiedToken = (claims: AccessTokenClaims, body: JsonObject): VerifiedToken =>
  Object.freeze({
    identity: claims.sub,
    name: claims.reeve.name,
    environment: claims.reeve.environment,
    tier: claims.reeve.tier,
    owner: claims.reeve.owner,
    credential: claims.reeve.credential,
    instance: claims.reeve.instance,
    workflow: claims.reeve.workflow,
    actors: Object.freeze(actorsOf(claims.act)),
    scopes: Object.freeze(claims.scope === '' ? [] : claims.scope.split(' ')),
    details: claims.authorization_details ?? NO_DETAILS,
    expiresAtSeconds: claims.exp,
    claims,
    tags: tagsOf(body),
  })

const tagsOf = (body: JsonObject): VerifiedToken['tags'] => {
  const tags: Record<string, string> = {}
  for (const name of Object.keys(body)) {
    const value = body[name]
    if (typeof value === 'string' && !isReservedClaim(name)) tags[name] = value
  }
  return Object.freeze(tags)
}
