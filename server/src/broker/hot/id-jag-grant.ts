import type { Confirmation } from '@reeve/sdk'
import type { Once } from '../../kit/spend-once.ts'
import { JWT_BEARER_GRANT, readIdJag } from '../domain/client-proof.ts'
import type { CompactJwt, JsonObject } from '../domain/compact-jwt.ts'
import { foreignFacts } from '../domain/foreign-claims.ts'
import { readScope, type TokenRequest } from '../domain/token-request.ts'
import { fault } from '../faults.ts'
import { onceOf } from '../foreign-use.ts'
import type { ClientCredential } from '../memory/client-memory.ts'
import type { StoredTrust } from '../store-trust.ts'
import type { AuthenticateGiven, ProvenClient, UnprovenClient } from './authenticate-client.ts'
import { causeOf } from './authenticate-foreign.ts'
import { printable } from './hot-event.ts'
import type { OAuthRequest } from './oauth-request.ts'

/** What another authorization server grants a client: at most this, once. */
export interface IdJagGrant {
  readonly once: Once
  /** The trust by which it is believed. */
  readonly credential: ClientCredential
  /** Who grants it. */
  readonly issuer: string
  /** Undefined: it names no scope, and leaves that to the policy here. */
  readonly actions: readonly string[] | undefined
  readonly resources: readonly string[] | undefined
  /** The key or certificate that its redeemer has to hold, where it is bound to one. */
  readonly boundTo: Confirmation | undefined
}

/** When to ask again where an issuer cannot be reached. */
const RETRY_SECONDS = 30

/**
 * The grant that came with a client that proved itself (ID-JAG §4.4.1): signed by an authorization server that an identity
 * trusts for this, for this server alone, and naming this very client. It is nothing without that client's own proof.
 */
export const withIdJag = (
  request: OAuthRequest,
  proven: ProvenClient,
  given: Pick<AuthenticateGiven, 'foreign'> & { readonly issuer: string },
): ProvenClient | Promise<ProvenClient | UnprovenClient> => {
  if (request.form.get('grant_type') !== JWT_BEARER_GRANT) return proven
  const jwt = readIdJag(request.form)
  return jwt === undefined ? proven : grantedBy(jwt, proven, given)
}

const grantedBy = async (
  jwt: CompactJwt,
  proven: ProvenClient,
  given: Pick<AuthenticateGiven, 'foreign'> & { readonly issuer: string },
): Promise<ProvenClient | UnprovenClient> => {
  const { subject } = proven.client
  const refuse = (code: Parameters<typeof fault>[0], cause: string): UnprovenClient => ({
    isProven: false,
    fault: fault(code, code === 'federation_issuer_unreachable' ? { retryAfterSeconds: RETRY_SECONDS } : {}),
    claimedId: subject.id,
    client: proven.client,
    evidence: { cause: printable(cause), grant: 'id-jag' },
  })
  const token = await given.foreign.read(jwt)
  const isOwn = (one: StoredTrust): boolean => one.identity === subject.id && one.terms.platform === 'id-jag'
  // Whose own trust it is may hear that its issuer is silent, and come again with the grant.
  if (token.state === 'unreachable' && token.trusts.all.some(isOwn))
    return refuse('federation_issuer_unreachable', token.why)
  if (token.state !== 'proven') return refuse('federation_refused', causeOf(token))
  if (token.late !== undefined) return refuse('federation_expired', token.late)
  const { claims } = token
  // ID-JAG §6.3: what it granted itself would widen what was exchanged for it.
  if (token.issuer === given.issuer) return refuse('federation_refused', 'it is a grant of this server itself')
  if (claims.client_id !== subject.id && claims.client_id !== subject.name)
    return refuse('federation_refused', 'its client_id is another client than the one that proved itself')
  const trusts = token.fitting.filter(isOwn)
  const credential = proven.client.credentials.find(({ id }) => trusts.some((one) => one.credential === id))
  if (credential === undefined)
    return refuse('federation_refused', 'it fits no trust of this client in the grants of its issuer')
  const facts = foreignFacts(claims, 'id-jag')
  if (facts?.jti === undefined) return refuse('federation_refused', 'it has no name of its own (jti)')
  const limits = limitsOf(claims)
  if (limits === undefined)
    return refuse('federation_refused', 'its scope, its resource or what it is bound to is not understood')
  return { ...proven, granted: { once: onceOf(token.issuer, facts, jwt), credential, issuer: token.issuer, ...limits } }
}

const limitsOf = ({
  scope,
  resource,
  cnf,
  authorization_details,
}: JsonObject): Pick<IdJagGrant, 'actions' | 'resources' | 'boundTo'> | undefined => {
  if (scope !== undefined && typeof scope !== 'string') return undefined
  // What it grants by details alone would be everything, were it read as no scope.
  if (scope === undefined && authorization_details !== undefined) return undefined
  const boundTo = readConfirmation(cnf)
  if (boundTo === 'unknown') return undefined
  const actions = readScope(scope)
  const resources = resource === undefined ? undefined : [resource].flat()
  if (actions === undefined || resources?.every(isText) === false) return undefined
  return { actions: scope === undefined ? undefined : actions, resources: resources?.filter(isText), boundTo }
}

// INVARIANT: what it is bound to is understood, or it is no grant.
const readConfirmation = (cnf: unknown): Confirmation | undefined | 'unknown' => {
  if (cnf === undefined) return undefined
  if (typeof cnf !== 'object' || cnf === null) return 'unknown'
  const { jkt, 'x5t#S256': x5t, ...others }: { jkt?: unknown; 'x5t#S256'?: unknown } = cnf
  if (Object.keys(others).length > 0 || (jkt === undefined && x5t === undefined)) return 'unknown'
  const isUnderstood = [jkt, x5t].every((one) => one === undefined || isText(one))
  return isUnderstood ? { ...(isText(jkt) ? { jkt } : {}), ...(isText(x5t) ? { 'x5t#S256': x5t } : {}) } : 'unknown'
}

/** Whether who redeems it shows all that it is bound to (RFC 9449 §6.1, RFC 8705 §3.1). */
export const isHeldBy = ({ boundTo }: IdJagGrant, shown: Confirmation | undefined): boolean =>
  boundTo === undefined ||
  ((boundTo.jkt === undefined || boundTo.jkt === shown?.jkt) &&
    (boundTo['x5t#S256'] === undefined || boundTo['x5t#S256'] === shown?.['x5t#S256']))

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** What is wanted under such a grant: what it names and no more (ID-JAG §4.4.1); a code where more is asked for. */
export const narrowedTo = (
  { actions, resources }: IdJagGrant,
  wanted: TokenRequest,
): TokenRequest | 'resource_not_registered' | 'exchange_scope_wider' | 'details_invalid' => {
  if (resources !== undefined && !resources.includes(wanted.resource)) return 'resource_not_registered'
  // It grants no details, and what is asked for by them is no scope.
  if (wanted.details.length > 0) return 'details_invalid'
  if (actions === undefined) return wanted
  const isWithin = actions.length > 0 && wanted.actions.every((action) => actions.includes(action))
  if (!isWithin) return 'exchange_scope_wider'
  return wanted.actions.length > 0 ? wanted : { ...wanted, actions }
}
