import { createHash } from 'node:crypto'
import type { Clock } from '../kit/clock.ts'
import { readBundleKeys } from './bundle-key.ts'
import { type AwsCaller, type AwsCallerRules, CALLER_SECONDS_MAX, readAwsCaller } from './domain/aws-caller.ts'
import { issuerOfPartition } from './domain/aws-region.ts'
import type { PlatformProof } from './domain/client-proof.ts'
import { type CompactJwt, type JsonObject, readCompactJwt } from './domain/compact-jwt.ts'
import { whyNotNow } from './domain/foreign-claims.ts'
import type { PlatformAlgorithm } from './domain/platform.ts'
import { issuerOfDomain, readSpiffeId, type SpiffeId } from './domain/spiffe-id.ts'
import { couldFit, misfits, type TrustTerms } from './domain/trust.ts'
import type { AwsIdentity, AwsSts } from './memory/aws-sts.ts'
import type { IssuerKey, IssuerKeys } from './memory/issuer-keys.ts'
import { type IssuerTrusts, type TrustMemory, teamOf } from './memory/trust-memory.ts'
import { signatures } from './signature-thread.ts'
import type { StoredTrust } from './store-trust.ts'

/** A token of another issuer, looked at. Only what is `proven` is to be believed. */
export type ForeignToken =
  | { readonly state: 'malformed' | 'untrusted'; readonly issuer: string | undefined; readonly why?: string }
  | { readonly state: 'unreachable'; readonly issuer: string; readonly why: string; readonly trusts: IssuerTrusts }
  | { readonly state: 'forged'; readonly issuer: string; readonly why: string }
  | {
      readonly state: 'proven'
      readonly issuer: string
      readonly claims: JsonObject
      readonly algorithm: PlatformAlgorithm
      /** Why it is not in force now. */
      readonly late: string | undefined
      readonly trusts: IssuerTrusts
      /** Why it is of somebody else than this trust believes, although its claims may fit. */
      whyNotBy(terms: TrustTerms): string | undefined
      /** The trusts that it fits, of whichever identity, as long as they have not expired. */
      readonly fitting: readonly StoredTrust[]
    }

/** Looks at tokens of other issuers. Never within a transaction: it may have to ask the issuer for its keys. */
export interface ForeignTokens {
  read(token: string | PlatformProof, from?: string | null): Promise<ForeignToken>
}

const KEYS_TRIED_MAX = 10
const ISSUER_MAX = 500

/** What they are read with. */
export interface ForeignGiven {
  readonly trusts: TrustMemory
  readonly keys: IssuerKeys
  readonly sts: AwsSts
  readonly clock: Pick<Clock, 'now'>
  issuer(): string
}

/** Reads them with what this replica holds in memory. */
export const createForeignTokens = (given: ForeignGiven): ForeignTokens => ({
  read: async (token, from = null) => {
    const proof = typeof token === 'string' ? readProof(token) : token
    return 'awsCaller' in proof ? readCaller(proof.awsCaller, from, given) : readJwt(proof, given)
  },
})

/** What a text is, for who was not told: a token has dots in it, and a request for AWS has none. */
export const readProof = (text: string): PlatformProof => readCompactJwt(text) ?? { awsCaller: text }

const readJwt = async (jwt: CompactJwt, given: ForeignGiven): Promise<ForeignToken> => {
  // Needed to find the keys to verify with; what else it says is read after that.
  const { iss: issuer, sub } = jwt.claims() ?? {}
  // Who is trusted without being at a URL, such as AWS, signs no tokens.
  const isAtUrl = typeof issuer === 'string' && issuer.length <= ISSUER_MAX && /^https?:/i.test(issuer)
  const trusts = isAtUrl ? await given.trusts.in(issuer) : undefined
  const id = trusts === undefined ? readSpiffeId(sub) : undefined
  if (id !== undefined) return readSvid(jwt, id, given)
  if (!isAtUrl) return { state: 'malformed', issuer: undefined }
  // INVARIANT: nobody is asked for keys whom no owner named.
  if (trusts === undefined) return { state: 'untrusted', issuer: undefined }
  const { kid } = jwt.header
  const found = await given.keys.find(issuer, typeof kid === 'string' ? kid : undefined, trusts.team)
  if (typeof found === 'string') return { state: 'unreachable', issuer, why: found, trusts }
  const by = await signerOf(jwt, found)
  if (by === undefined) return { state: 'forged', issuer, why: 'its issuer shows no key with its kid and alg' }
  const claims = by === 'none' ? undefined : jwt.claims()
  if (by === 'none' || claims === undefined)
    return { state: 'forged', issuer, why: 'its signature is not by its issuer' }
  return proven({ issuer, claims, algorithm: by.key.algorithm, trusts, whyNotBy: () => undefined }, given)
}

/** The key that signed it; `none` of those that might have, or undefined where there is none that might. */
const signerOf = async (jwt: CompactJwt, keys: readonly IssuerKey[]): Promise<IssuerKey | 'none' | undefined> => {
  // INVARIANT: the key says the algorithm; a header can only agree (RFC 8725 §3.1).
  const tried = keys.filter(({ key }) => key.algorithm === nameOf(jwt.header.alg)).slice(0, KEYS_TRIED_MAX)
  if (tried.length === 0) return undefined
  for (const one of tried) if (await signatures.isSigned(one.key, jwt.signingInput, jwt.signature)) return one
  return 'none'
}

/**
 * A JWT-SVID, by the keys of its trust domain. Each trust says where those are, so that nobody who adds one decides whose
 * keys another one's trust believes.
 */
const readSvid = async (jwt: CompactJwt, id: SpiffeId, given: ForeignGiven): Promise<ForeignToken> => {
  // INVARIANT: the keys of a trust domain prove names of that domain alone (SPIFFE Trust Domain and Bundle §4).
  const issuer = issuerOfDomain(id.trustDomain)
  const trusts = await given.trusts.in(issuer)
  const said = jwt.claims()
  if (trusts === undefined || said === undefined) return { state: 'untrusted', issuer: undefined }
  const { kid, typ } = jwt.header
  // JWT-SVID §2.3 and §4: one key, by its name.
  if (typeof kid !== 'string' || kid === '') return { state: 'forged', issuer, why: 'it names no key (kid)' }
  if (typ !== undefined && typ !== 'JWT' && typ !== 'JOSE')
    return { state: 'forged', issuer, why: 'its typ is another' }
  const now = given.clock.now().getTime()
  // INVARIANT: whoever trusts other names of the domain has no say in how this one is judged: nobody waits for their
  // bundle, and however many of those there are, they push out none. Where no trust fits, any bundle says who signed it.
  const fitting = trusts.near(said).filter(({ expiresAt, terms }) => expiresAt > now && couldFit(terms, said))
  const looked = fitting.length > 0 ? fitting : trusts.all
  const bundles = Map.groupBy(looked, ({ terms }) => bundleName(terms))
  let signer: IssuerKey | undefined
  const signedBy = new Set<string>()
  const silent: string[] = []
  for (const [name, named] of [...bundles].slice(0, BUNDLES_MAX)) {
    const found = await keysIn(named, kid, given.keys)
    const by = typeof found === 'string' ? undefined : await signerOf(jwt, found)
    if (typeof found === 'string') silent.push(found)
    if (by === undefined || by === 'none') continue
    signer = by
    signedBy.add(name)
  }
  if (signer === undefined)
    return silent[0] === undefined
      ? { state: 'forged', issuer, why: 'the bundle of its trust domain shows no key that signed it' }
      : { state: 'unreachable', issuer, why: silent[0], trusts }
  const nowSeconds = Math.floor(now / 1000)
  // Who made it is its trust domain, whatever it says; and it need not say when (JWT-SVID §3).
  const claims = { ...said, iss: issuer, iat: said.iat ?? nowSeconds }
  const whyNotBy = (terms: TrustTerms) =>
    signedBy.has(bundleName(terms)) ? undefined : 'it is signed by no key of the bundle that the trust names'
  return proven({ issuer, claims, algorithm: signer.key.algorithm, trusts, whyNotBy }, given)
}

const BUNDLES_MAX = 10

const bundleName = ({ bundle }: TrustTerms): string => JSON.stringify(bundle ?? null)

const keysIn = async (named: readonly StoredTrust[], kid: string, keys: IssuerKeys) => {
  const bundle = named[0]?.terms.bundle
  if (bundle?.url !== undefined) return keys.findInBundle(bundle.url, kid, teamOf(named))
  // A set that is not that of a bundle endpoint may say of its keys that they sign, or nothing.
  return readBundleKeys(bundle?.keys ?? [], ['jwt-svid', 'sig', undefined]).filter(({ id }) => id === kid)
}

const readCaller = async (text: string, from: string | null, given: ForeignGiven): Promise<ForeignToken> => {
  const rules: AwsCallerRules = { serverId: given.issuer(), nowMs: given.clock.now().getTime() }
  const caller = readAwsCaller(text, rules)
  if (typeof caller === 'string') return { state: 'malformed', issuer: undefined, why: caller }
  const issuer = issuerOfPartition(caller.partition)
  const trusts = await given.trusts.in(issuer)
  // INVARIANT: only the STS of a region is asked that an owner named.
  if (trusts?.all.some(({ terms }) => terms.regions?.includes(caller.region) === true) !== true)
    return { state: 'untrusted', issuer: undefined, why: 'no trust names its region' }
  const answer = await given.sts.ask(caller, from)
  if ('state' in answer) return { issuer, ...answer, trusts }
  const claims = claimsOf(issuer, caller, answer, rules)
  return proven({ issuer, claims, algorithm: 'AWS4-HMAC-SHA256', trusts, whyNotBy: () => undefined }, given)
}

/** What AWS says of a caller, as a token would. */
const claimsOf = (
  issuer: string,
  { signature, signedAtMs, region }: AwsCaller,
  { arn, account, partition, kind, session, userId }: AwsIdentity,
  { serverId, nowMs }: AwsCallerRules,
): JsonObject => ({
  iss: issuer,
  aud: serverId,
  sub: arn,
  // The request is its own name, and is used once.
  jti: createHash('sha256').update(signature).digest('base64url'),
  // A clock that is ahead by less than a request may be old is not held against it.
  iat: Math.floor(Math.min(signedAtMs, nowMs) / 1000),
  exp: signedAtMs / 1000 + CALLER_SECONDS_MAX,
  arn,
  account,
  partition,
  region,
  kind,
  user_id: userId,
  // Another one once the role or user is deleted and made again.
  unique_id: userId.split(':')[0],
  ...(session === undefined ? {} : { session }),
})

const proven = (
  read: Pick<Extract<ForeignToken, { state: 'proven' }>, 'issuer' | 'claims' | 'algorithm' | 'trusts' | 'whyNotBy'>,
  { clock }: Pick<ForeignGiven, 'clock'>,
): ForeignToken => {
  const { claims, algorithm, trusts, whyNotBy } = read
  const nowMs = clock.now().getTime()
  const fitting = trusts
    .near(claims)
    .filter(
      ({ expiresAt, terms }) =>
        expiresAt > nowMs && misfits(terms, claims, algorithm).length === 0 && whyNotBy(terms) === undefined,
    )
  return { state: 'proven', ...read, late: whyNotNow(claims, Math.floor(nowMs / 1000)), fitting }
}

// RFC 9864 §2.2: Ed25519 is EdDSA with its curve in the name.
const nameOf = (algorithm: unknown): unknown => (algorithm === 'Ed25519' ? 'EdDSA' : algorithm)
