import { timingSafeEqual, type X509Certificate } from 'node:crypto'
import type { TokenAlgorithm } from '@reeve/sdk'
import type { Fault } from '../../kit/fault.ts'
import type { Once } from '../../kit/spend-once.ts'
import type { BoundKeys } from '../bound-keys.ts'
import { isApiKey } from '../client-secret.ts'
import { type AssertionClaims, type AssertionRules, readAssertionClaims } from '../domain/assertion-claims.ts'
import type { ClientProof } from '../domain/client-proof.ts'
import type { CompactJwt } from '../domain/compact-jwt.ts'
import { rulesOfKind } from '../domain/credential-kind.ts'
import { isProofType, isTypedProof } from '../domain/proof-type.ts'
import { isWrongParameter } from '../domain/wrong-parameter.ts'
import { fault } from '../faults.ts'
import type { ForeignTokens } from '../foreign-token.ts'
import type { Client, ClientCredential, ClientMemory } from '../memory/client-memory.ts'
import type { BoundKey, VerifyAlgorithm } from '../signature.ts'
import { signatures } from '../signature-thread.ts'
import { authenticateCertificate } from './authenticate-certificate.ts'
import { authenticateForeign } from './authenticate-foreign.ts'
import { decoyKey } from './decoy-key.ts'
import { beginSteps, type Steps } from './even-time.ts'
import type { IdJagGrant } from './id-jag-grant.ts'
import type { OAuthRequest } from './oauth-request.ts'
import { assertionOnce, joinBound, proveBound } from './prove-bound.ts'
import { digestOf, hasFormOf, readProof } from './read-proof.ts'
import { unreadFault } from './unread-fault.ts'

/** A client that proved itself with one of its credentials; whether it may act now is judged later, from memory. */
export interface ProvenClient {
  readonly isProven: true
  readonly client: Client
  readonly credential: ClientCredential
  /** The use of its assertion, when it proved itself with one. */
  readonly once: Once | undefined
  /** The running copy that signed the assertion, when it says so. */
  readonly instance: string | undefined
  /** The workflow that it works for, as its platform says. */
  readonly workflow: ForeignWorkflow | undefined
  /** Whose token proved it, where another issuer's did. */
  readonly issuer?: string | undefined
  /** Of a key that is bound to one machine: which use of it this is. */
  readonly generation?: number
  /** What another authorization server granted it, where it came with that. */
  readonly granted?: IdJagGrant
}

/** A workflow as a platform names it. */
export interface ForeignWorkflow {
  readonly name: string | undefined
  readonly repository: string | undefined
  readonly run: string | undefined
}

/** A request whose proof is missing or wrong, with what is known of who was meant. */
export interface UnprovenClient {
  readonly isProven: false
  readonly fault: Fault
  readonly claimedId: string | null
  readonly client: Client | undefined
  /** What the owner is told of it, in the event alone. */
  readonly evidence?: Readonly<Record<string, string>>
  /** Where a name was looked up: the answer is due on one of these, which end with it. */
  readonly steps?: Steps
}

/** What a client is looked for with. */
export interface AuthenticateGiven {
  readonly memory: ClientMemory
  readonly foreign: ForeignTokens
  /** The CAs that issue certificates to clients. */
  clientCas(): readonly X509Certificate[]
  readonly boundKeys: BoundKeys
  readonly audiences: readonly string[]
  readonly nowSeconds: number
  /** An API key is for one resource: it gets a token there, ends what it got, and proves nobody anywhere else. */
  readonly takesApiKeys?: true
}

/** Finds out who asks. What it does for an unknown client and for a wrong proof is the same, and `refusedBy` answers it after as long. */
export const authenticateClient = async (
  request: OAuthRequest,
  given: AuthenticateGiven,
): Promise<ProvenClient | UnprovenClient> => {
  const { certificate } = request
  const proof = readProof(request)
  if (typeof proof === 'string' || isWrongParameter(proof)) {
    const claimedId = request.form.get('client_id') ?? null
    return { isProven: false, fault: unreadFault(proof), claimedId, client: undefined }
  }
  if (proof.method === 'federation') return authenticateForeign(proof, given, request.source.ip)
  if (proof.method === 'certificate') return onSteps(() => authenticateCertificate(proof.clientId, certificate, given))
  const rules = { clientId: proof.clientId, audiences: given.audiences, nowSeconds: given.nowSeconds }
  const early = refuseEarly(proof, rules) ?? refuseApiKey(proof, given)
  if (early !== undefined) return { isProven: false, fault: early, claimedId: proof.clientId, client: undefined }
  return onSteps(() => lookUp(request, proof, { ...given, rules }))
}

/** Looks; what proves nobody is given with the steps that began before it was looked. */
const onSteps = async (look: () => Promise<ProvenClient | UnprovenClient>): Promise<ProvenClient | UnprovenClient> => {
  const steps = beginSteps()
  let found: ProvenClient | UnprovenClient | undefined
  try {
    found = await look()
    return found.isProven ? found : { ...found, steps }
  } finally {
    if (found?.isProven !== false) steps.end()
  }
}

const lookUp = async (
  request: OAuthRequest,
  proof: OwnProof,
  given: AuthenticateGiven & { readonly rules: AssertionRules },
): Promise<ProvenClient | UnprovenClient> => {
  const { rules } = given
  const wasKnown = given.memory.has(proof.clientId)
  const found = given.memory.find(proof.clientId)
  const client = found instanceof Promise ? await found : found
  // Most have a secret that is in memory, and nothing of that has to be waited for.
  const credential =
    proof.method === 'secret'
      ? matchSecret(client, proof)
      : ((await match(client, proof)) ?? (await matchShown(client, proof)))
  const prove = (who: Client, by: ClientCredential) =>
    by.kind === 'bound-key' && proof.method === 'assertion'
      ? proveBound(request, who, by, { jwt: proof.jwt, rules, boundKeys: given.boundKeys })
      : proven(who, by, proof, rules)
  if (client !== undefined && credential !== undefined) return prove(client, credential)
  // Once more, from the database: a failure must not tell by its speed what was in memory.
  const fresh = wasKnown ? await given.memory.reload(proof.clientId) : client
  const late = (await match(fresh, proof)) ?? (await matchShown(fresh, proof))
  if (fresh !== undefined && late !== undefined) return prove(fresh, late)
  if (proof.method === 'assertion') {
    const joined = await joinBound(request, fresh, { jwt: proof.jwt, ...given })
    if (joined !== undefined) return joined
  }
  const refused = {
    isProven: false,
    fault: fault('client_not_proven'),
    claimedId: proof.clientId,
    client: fresh,
  } as const
  return wereAllTried(fresh, proof) ? refused : { ...refused, evidence: { cause: TOO_MANY_KEYS } }
}

type SecretProof = Extract<ClientProof, { method: 'secret' }>
type OwnProof = Exclude<ClientProof, { method: 'federation' | 'certificate' }>

/** What is wrong whoever asks, told before anything is looked up. */
const refuseEarly = (proof: OwnProof, rules: AssertionRules): Fault | undefined => {
  if (proof.method === 'secret') return hasFormOf(proof) ? undefined : fault('client_not_proven')
  const isWellFormed = algorithmOf(proof.jwt) !== undefined && isProofType(proof.jwt, 'client')
  return isWellFormed && claimsOf(proof.jwt, rules) !== undefined ? undefined : fault('assertion_invalid')
}

const refuseApiKey = (proof: OwnProof, { takesApiKeys }: AuthenticateGiven): Fault | undefined =>
  takesApiKeys === undefined && proof.method === 'secret' && isApiKey(proof.secret)
    ? fault('client_not_proven')
    : undefined

const claimsOf = (jwt: CompactJwt, rules: AssertionRules): AssertionClaims | undefined => {
  const claims = jwt.claims()
  if (claims === undefined) return undefined
  // draft-ietf-oauth-rfc7523bis: one of this type is for the issuer. An address of it may be told to a client by somebody else,
  // who then holds what was signed for it.
  return readAssertionClaims(claims, isTypedProof(jwt) ? { ...rules, audiences: rules.audiences.slice(0, 1) } : rules)
}

const proven = (
  client: Client,
  credential: ClientCredential,
  proof: OwnProof,
  rules: AssertionRules,
): ProvenClient | UnprovenClient => {
  if (proof.method === 'secret') return { isProven: true, client, credential, once: undefined, ...NOTHING_SAID }
  const claims = claimsOf(proof.jwt, rules)
  if (claims === undefined)
    return { isProven: false, fault: fault('assertion_invalid'), claimedId: proof.clientId, client }
  const once = assertionOnce(client.subject.id, claims)
  return { isProven: true, client, credential, once, instance: claims.instance, workflow: undefined }
}

const NOTHING_SAID = { instance: undefined, workflow: undefined }

const match = async (client: Client | undefined, proof: OwnProof): Promise<ClientCredential | undefined> =>
  proof.method === 'secret' ? matchSecret(client, proof) : matchKey(client, proof.jwt)

const matchSecret = (client: Client | undefined, proof: SecretProof): ClientCredential | undefined => {
  const digest = digestOf(proof)
  return client?.credentials.find(
    ({ secretDigest }) => secretDigest !== undefined && timingSafeEqual(secretDigest, digest),
  )
}

const KEYS_TRIED_MAX = 10

const matchKey = async (client: Client | undefined, jwt: CompactJwt): Promise<ClientCredential | undefined> => {
  const algorithm = algorithmOf(jwt)
  if (algorithm === undefined) return undefined
  const tried = keysFor(client, jwt, algorithm).slice(0, KEYS_TRIED_MAX)
  if (tried.length === 0) await signatures.isSigned(decoyKey(algorithm), jwt.signingInput, jwt.signature)
  return signerAmong(tried, jwt)
}

/** The keys that may have signed it: those that it names, or all where it names none of them. */
const keysFor = (
  client: Client | undefined,
  { header: { kid } }: CompactJwt,
  algorithm: TokenAlgorithm,
): readonly ClientCredential[] => {
  // INVARIANT: the key says the algorithm; an assertion can only name a key that has it (RFC 8725 §3.1).
  const fitting = (client?.credentials ?? []).filter(
    (one) => rulesOfKind(one.kind).signsAssertions && one.algorithm === algorithm,
  )
  const named = fitting.filter(({ id, keyId, thumbprint }) => kid === keyId || kid === id || kid === thumbprint)
  return named.length > 0 ? named : fitting
}

/** What the owner is told, in the event alone. */
const TOO_MANY_KEYS = `more than ${KEYS_TRIED_MAX} of its keys may have signed this, and only so many are tried: name the key by its kid`

const wereAllTried = (client: Client | undefined, proof: OwnProof): boolean => {
  const algorithm = proof.method === 'secret' ? undefined : algorithmOf(proof.jwt)
  if (proof.method === 'secret' || algorithm === undefined) return true
  return keysFor(client, proof.jwt, algorithm).length <= KEYS_TRIED_MAX
}

/** Whose key signed it, the first of them. */
const signerAmong = async <Holder extends { readonly key: BoundKey<VerifyAlgorithm> | undefined }>(
  holders: readonly Holder[],
  { signingInput, signature }: CompactJwt,
): Promise<Holder | undefined> => {
  for (const holder of holders)
    if (holder.key !== undefined && (await signatures.isSigned(holder.key, signingInput, signature))) return holder
  return undefined
}

/**
 * Among the keys that a client shows at an address. Only who has one is asked for it, and so may take longer to be refused than
 * somebody unknown, once in half a minute at most.
 */
const matchShown = async (client: Client | undefined, proof: OwnProof): Promise<ClientCredential | undefined> => {
  const algorithm = proof.method === 'secret' ? undefined : algorithmOf(proof.jwt)
  if (proof.method === 'secret' || algorithm === undefined) return undefined
  const { header } = proof.jwt
  const keyId = typeof header.kid === 'string' ? header.kid : undefined
  const showing = (client?.credentials ?? []).filter(({ keysAt, state }) => keysAt !== undefined && state !== 'revoked')
  for (const credential of showing.slice(0, KEY_SETS_TRIED_MAX)) {
    const shown = (await credential.keysAt?.(keyId)) ?? []
    // Nobody can tell the client why: whoever looks after the credential sees it when it is added.
    const fitting = typeof shown === 'string' ? [] : shown.filter(({ key }) => key.algorithm === algorithm)
    if ((await signerAmong(fitting.slice(0, KEYS_TRIED_MAX), proof.jwt)) !== undefined) return credential
  }
  return undefined
}

const KEY_SETS_TRIED_MAX = 3

// RFC 9864 §2.2: Ed25519 is EdDSA with its curve in the name.
const ALGORITHMS: Readonly<Record<string, TokenAlgorithm>> = {
  ES256: 'ES256',
  EdDSA: 'EdDSA',
  Ed25519: 'EdDSA',
  RS256: 'RS256',
  PS256: 'PS256',
}

const algorithmOf = ({ header }: CompactJwt): TokenAlgorithm | undefined =>
  typeof header.alg === 'string' && Object.hasOwn(ALGORITHMS, header.alg) ? ALGORITHMS[header.alg] : undefined
