import { Fault } from '../../kit/fault.ts'
import type { Once } from '../../kit/spend-once.ts'
import type { BoundKeys, BoundUse, BoundVerdict } from '../bound-keys.ts'
import { hasJoinForm } from '../client-secret.ts'
import {
  ASSERTION_SKEW_SECONDS,
  type AssertionClaims,
  type AssertionRules,
  readAssertionClaims,
} from '../domain/assertion-claims.ts'
import { readBoundClaims } from '../domain/bound-claims.ts'
import type { CompactJwt, JsonObject } from '../domain/compact-jwt.ts'
import { fault } from '../faults.ts'
import type { Client, ClientCredential, ClientMemory } from '../memory/client-memory.ts'
import { type PublicKey, readPublicKey } from '../public-key.ts'
import { bindKey, isSigned } from '../signature.ts'
import { openPublicKey } from '../signing-key.ts'
import type { ProvenClient, UnprovenClient } from './authenticate-client.ts'
import type { OAuthRequest } from './oauth-request.ts'

/** What a bound key is looked at with. */
export interface BoundGiven {
  readonly jwt: CompactJwt
  readonly rules: AssertionRules
  readonly boundKeys: BoundKeys
}

/** Counts the use of a bound key whose signature was verified, before anything is judged. */
export const proveBound = async (
  request: OAuthRequest,
  client: Client,
  credential: ClientCredential,
  { jwt, rules, boundKeys }: BoundGiven,
): Promise<ProvenClient | UnprovenClient> => {
  const use = useOf(request, client, jwt, rules)
  // The copy that runs is the key itself; an assertion that names another one is not by it.
  if (use === undefined || (use.instance !== undefined && use.instance !== credential.id))
    return unproven(rules, client, fault('assertion_invalid'))
  const verdict = await boundKeys.use(credential.id, use)
  const refused = FAULTS[verdict.state]
  if (refused !== undefined) return unproven(rules, client, fault(refused), evidenceOf(verdict, use))
  return byKey(client, credential, use)
}

/**
 * Lets the machine that has the secret bring its key, which signed the assertion that says so. Undefined where nothing of
 * that kind is asked for, or the secret is not good.
 */
export const joinBound = async (
  request: OAuthRequest,
  client: Client | undefined,
  { jwt, rules, boundKeys, memory }: BoundGiven & { readonly memory: ClientMemory },
): Promise<ProvenClient | UnprovenClient | undefined> => {
  const { reeve_join: secret, reeve_key: sent } = jwt.claims() ?? {}
  if (typeof secret !== 'string' || !hasJoinForm(secret) || typeof sent !== 'object' || sent === null) return undefined
  const key = readKey(Object.fromEntries(Object.entries(sent)))
  if (key === undefined || key.algorithm !== jwt.header.alg) return undefined
  // RFC 7800 §3: whoever brings a key must have its other half.
  const bound = bindKey(key.algorithm, openPublicKey(key.jwk))
  if (!isSigned(bound, jwt.signingInput, jwt.signature)) return undefined
  // As much is asked for an identity that is not there: how long it takes must not tell who exists.
  if (!(await boundKeys.isJoinable(client?.subject.id ?? '', secret)) || client === undefined) return undefined
  const use = useOf(request, client, jwt, rules)
  if (use === undefined || use.claims.generation !== 1) return unproven(rules, client, fault('assertion_invalid'))
  const id = await boundKeys.join(secret, key, use)
  if (id instanceof Fault) return unproven(rules, client, id)
  const joined = id === undefined ? undefined : await memory.reload(client.subject.id)
  const credential = joined?.credentials.find((each) => each.id === id)
  if (joined === undefined || credential === undefined) return undefined
  return byKey(joined, credential, use)
}

const byKey = (client: Client, credential: ClientCredential, { claims }: BoundUse): ProvenClient => ({
  isProven: true,
  client,
  credential,
  once: undefined,
  instance: credential.id,
  workflow: undefined,
  generation: claims.generation,
})

const FAULTS = {
  used: undefined,
  repeated: undefined,
  replayed: 'assertion_replayed',
  cloned: 'bound_key_cloned',
  ahead: 'bound_key_out_of_step',
  unknown: 'client_not_proven',
} as const

interface SignedUse extends BoundUse {
  readonly instance: string | undefined
}

const useOf = (
  { source, requestId, traceparent }: OAuthRequest,
  { subject }: Client,
  jwt: CompactJwt,
  rules: AssertionRules,
): SignedUse | undefined => {
  const said: JsonObject = jwt.claims() ?? {}
  const claims = readBoundClaims(said)
  const assertion = readAssertionClaims(said, rules)
  if (claims === undefined || assertion === undefined) return undefined
  const once = assertionOnce(subject.id, assertion)
  return { subject, claims, once, source, requestId, traceparent, instance: assertion.instance }
}

/** RFC 7523 §3, 7: each client has its own names for its assertions; nobody can use up another's. */
export const assertionOnce = (identity: string, { jti, expiresAtSeconds }: AssertionClaims): Once => ({
  space: 'assertion',
  key: `${identity}/${jti}`,
  until: new Date((expiresAtSeconds + ASSERTION_SKEW_SECONDS) * 1000),
})

const readKey = (sent: Readonly<Record<string, unknown>>): PublicKey | undefined => {
  try {
    return readPublicKey(sent)
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}

const unproven = (
  { clientId }: AssertionRules,
  client: Client,
  refused: Fault,
  evidence: Readonly<Record<string, string>> = {},
): UnprovenClient => ({ isProven: false, fault: refused, claimedId: clientId, client, evidence })

const evidenceOf = (verdict: BoundVerdict, { claims, source }: BoundUse): Readonly<Record<string, string>> =>
  'last' in verdict
    ? {
        generation: String(claims.generation),
        newestGeneration: String(verdict.last.generation),
        firstAddress: verdict.last.address ?? 'unknown',
        secondAddress: source.ip ?? 'unknown',
      }
    : {}
