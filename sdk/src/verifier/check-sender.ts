import { calculateJwkThumbprint } from 'jose'
import type { Clock } from '../clock.ts'
import { sha256All } from '../digest.ts'
import { createFreshNonces } from '../dpop/fresh-nonces.ts'
import { judgeProof } from '../dpop/judge-proof.ts'
import { createProofMemory } from '../dpop/proof-memory.ts'
import { type DpopProof, readDpopProof } from '../dpop/read-proof.ts'
import type { SteadyTime } from '../steady-time.ts'
import type { JsonObject } from '../strict-json.ts'
import { VerifyError } from '../verify-error.ts'
import type { Presented, PresentedToken } from './bearer.ts'
import type { CertificateOf } from './check-certificate.ts'
import { importKey, isSignedBy, type TrustedKey } from './key-set.ts'
import { headerOf, requestFacts } from './request-facts.ts'
import { createSeen } from './seen.ts'
import type { VerifiedToken } from './verified-token.ts'

/** How a verifier takes tokens that are bound to a key (RFC 9449). */
export interface DpopOptions {
  /** The address under which clients see this server, where a proxy stands in front of it: `https://orders.example`. */
  readonly externalUrl?: string
  /** Asks for nonces, made by these 32 bytes or more, which all replicas share; without them none are asked for. */
  readonly nonceSecret?: Uint8Array
  /** How many proofs are remembered, each for two minutes at most: 100 000 unless told. */
  readonly proofsMax?: number
}

/** Judges who presents a token. */
export interface SenderCheck {
  /** What can be told at once: why this scheme is wrong for the token, or that nothing else is to be looked at. */
  byScheme(token: VerifiedToken, shown: PresentedToken, presented: Presented): VerifyError | 'bearer' | 'proof'
  /**
   * Whether the connection shows the certificate of the token, and the proof that came along is one for it and this request,
   * by its key, and new; as far as it is bound to either.
   */
  byProof(token: VerifiedToken, shown: PresentedToken, presented: Presented): Promise<VerifyError | undefined>
}

/** Checks the proofs of one verifier. */
export const createSenderCheck = ({
  dpop = {},
  certificateOf,
  clock,
  time,
}: {
  dpop: DpopOptions | undefined
  certificateOf: CertificateOf
  clock: Clock
  time: SteadyTime
}): SenderCheck => {
  const { proofsMax, externalUrl, nonceSecret } = checkedDpop(dpop)
  const proofs = createProofMemory({ proofsMax, earliestSeconds: time.earliestSeconds })
  // Of proofs whose token is bound to their key: nobody else can fill this.
  const keys = createSeen<{ readonly key: TrustedKey; readonly jkt: string }>(keysMax)
  const freshNonces =
    nonceSecret === undefined ? undefined : createFreshNonces({ secret: nonceSecret, nowMs: () => clock.nowMs() })

  const keyOf = async ({ header, alg, jwk }: DpopProof, jkt: string): Promise<TrustedKey | undefined> => {
    const known = keys.get(header)
    if (known !== undefined) return known.jkt === jkt ? known.key : undefined
    // By the print first: it costs little, and only who holds a token for this key can make us verify by it.
    const print = await calculateJwkThumbprint({ ...jwk }).catch(() => undefined)
    if (print !== jkt) return undefined
    const key = await importKey({ ...jwk, alg, use: undefined })
    if (key !== undefined) keys.set(header, { key, jkt })
    return key
  }

  const wrong = (reason: string): VerifyError => new VerifyError('dpop_proof_invalid', { reason })

  /** The claims of a proof that is signed by the key of the token, or what is wrong with it. */
  const claimsOf = async (text: string, jkt: string): Promise<JsonObject | string> => {
    const proof = readDpopProof(text)
    if (typeof proof === 'string') return proof
    const key = await keyOf(proof, jkt)
    if (key === undefined) return 'its key is not the one that the token is bound to'
    const isSigned = await isSignedBy(key, proof.signature, ascii.encode(proof.signingInput))
    return isSigned ? (proof.claims() ?? 'it holds no claims') : 'its signature is wrong'
  }

  const byProof: SenderCheck['byProof'] = async (token, shown, presented) => {
    const { jkt, 'x5t#S256': x5t } = token.claims.cnf ?? {}
    if (x5t !== undefined && x5t !== (await certificateOf(presented))) return new VerifyError('certificate_not_shown')
    return jkt === undefined ? undefined : byKey(jkt, shown, presented)
  }

  const byKey = async (jkt: string, shown: PresentedToken, presented: Presented): Promise<VerifyError | undefined> => {
    const text = proofOf(presented)
    if (text === undefined || typeof presented !== 'object' || presented === null)
      return new VerifyError('dpop_proof_missing')
    const facts = requestFacts(presented, externalUrl)
    if (facts === undefined) return wrong('the request does not say its method and address')
    const claims = await claimsOf(text, jkt)
    if (typeof claims === 'string') return wrong(claims)
    const nonces = await freshNonces?.()
    const [tokenHash = ''] = await sha256All([shown.token])
    const judged = judgeProof(claims, {
      ...facts,
      nowSeconds: time.nowSeconds(),
      tokenHash,
      isFreshNonce: nonces === undefined ? undefined : (nonce) => nonces.includes(nonce),
    })
    if (judged.state === 'stale-nonce') return new VerifyError('dpop_nonce_required', { dpopNonce: nonces?.[0] })
    if (judged.state === 'wrong') return wrong(judged.why)
    const remembered = proofs.remember({ jkt, jti: judged.jti, untilSeconds: judged.untilSeconds })
    if (remembered === 'seen') return new VerifyError('dpop_proof_replayed')
    return remembered === 'full' ? new VerifyError('dpop_memory_full') : undefined
  }

  return {
    byScheme: ({ claims }, { scheme }, presented) => {
      const { jkt, 'x5t#S256': x5t } = claims.cnf ?? {}
      const isBound = jkt !== undefined
      if (scheme === 'DPoP') return isBound ? 'proof' : new VerifyError('token_not_bound')
      // RFC 9449 §7.2: what is bound to a key is no bearer token, whoever shows it.
      if (isBound) return new VerifyError('token_bound')
      // The client believes that its token is bound, and it is not.
      if (proofOf(presented) !== undefined) return new VerifyError('request_malformed')
      // RFC 8705 §3: what is bound to a certificate alone is sent as a bearer token.
      return x5t === undefined ? 'bearer' : 'proof'
    },
    byProof,
  }
}

const proofOf = (presented: Presented): string | undefined =>
  typeof presented === 'object' && presented !== null ? headerOf(presented.headers, 'dpop') : undefined

const keysMax = 1_000
const ascii = new TextEncoder()

const checkedDpop = ({ externalUrl, nonceSecret, proofsMax = 100_000 }: DpopOptions) => {
  if (!(typeof proofsMax === 'number' && proofsMax >= 10 && proofsMax <= 10_000_000))
    throw new RangeError('dpop.proofsMax must be from 10 to 10000000')
  if (nonceSecret !== undefined && !(nonceSecret instanceof Uint8Array && nonceSecret.length >= 32))
    throw new TypeError('dpop.nonceSecret must hold 32 bytes or more')
  if (externalUrl !== undefined && !/^https?:\/\/[^?#]+$/.test(externalUrl))
    throw new TypeError('dpop.externalUrl must be a URL without query, such as https://orders.example')
  return { proofsMax, nonceSecret, externalUrl: externalUrl?.replace(/\/$/, '') }
}
