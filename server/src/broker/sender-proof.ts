import { createPublicKey, hash } from 'node:crypto'
import { createFreshNonces, type DpopProof, judgeProof, readDpopProof } from '@reeve/sdk/dpop'
import type { Clock } from '../kit/clock.ts'
import { dropOldest } from '../kit/drop-oldest.ts'
import { Fault } from '../kit/fault.ts'
import type { Sealer } from '../kit/seal.ts'
import type { Once } from '../kit/spend-once.ts'
import { fault } from './faults.ts'
import { readPublicKey } from './public-key.ts'
import { type BoundKey, bindKey } from './signature.ts'
import { signatures } from './signature-thread.ts'

/** The key that the sender of a request holds, as a proof of possession says (RFC 9449). */
export interface ProvenKey {
  /** The SHA-256 thumbprint of the key (RFC 7638). */
  readonly jkt: string
  /** The use of the proof; nothing is granted by it before it is spent. */
  readonly once: Once
}

/** The request that a proof came with. */
export interface ProvenRequest {
  readonly method: string
  /** Where the client may have sent it: this server has one address, or another one for those who show certificates. */
  readonly urls: readonly string[]
  /** The access token that it presents; none at the token endpoint. */
  readonly token?: string
}

/** Judges DPoP proofs. */
export interface SenderProofs {
  /** The nonce that is handed out now. */
  nonce(): Promise<string>
  /** The key, or why the proof is wrong; where a token is asked for, it needs a fresh nonce (RFC 9449 §8). */
  judge(proof: string, request: ProvenRequest): Promise<ProvenKey | Fault>
}

/** The proofs of this process; any replica takes the nonces of another, and a proof is used once among them all. */
export const createSenderProofs = ({ sealer, clock }: { sealer: Sealer; clock: Clock }): SenderProofs => {
  const nowMs = () => clock.now().getTime()
  const freshNonces = createFreshNonces({ secret: sealer.derive('dpop nonce'), nowMs })
  const keys = new Map<string, ProofKey>()

  const keyOf = (proof: DpopProof): ProofKey | string => {
    const known = keys.get(proof.header)
    if (known !== undefined) return known
    const read = readKey(proof)
    if (typeof read === 'string') return read
    return {
      jkt: read.thumbprint,
      key: bindKey(proof.alg, createPublicKey({ key: JSON.parse(read.jwk), format: 'jwk' })),
    }
  }

  /** Only of whom a proof was found right: one program sends the same header each time. */
  const remember = (header: string, key: ProofKey): void => {
    if (keys.has(header)) return
    dropOldest(keys, KEYS_MAX)
    keys.set(header, key)
  }

  return {
    nonce: async () => (await freshNonces())[0] ?? '',
    judge: async (text, request) => {
      const proof = readDpopProof(text)
      if (typeof proof === 'string') return wrong(proof)
      const found = keyOf(proof)
      if (typeof found === 'string') return wrong(found)
      if (!(await signatures.isSigned(found.key, proof.signingInput, proof.signature)))
        return wrong('its signature is wrong')
      const claims = proof.claims()
      if (claims === undefined) return wrong('it holds no claims')
      const { method, urls, token } = request
      const nonces = await freshNonces()
      const rules = {
        method,
        nowSeconds: Math.floor(nowMs() / 1000),
        ...(token === undefined
          ? { isFreshNonce: (nonce: string) => nonces.includes(nonce) }
          : { tokenHash: hash('sha256', token, 'base64url') }),
      }
      const [first = '', ...others] = urls
      let judged = judgeProof(claims, { ...rules, url: first })
      for (const url of others) if (judged.state === 'wrong') judged = judgeProof(claims, { ...rules, url })
      if (judged.state === 'stale-nonce') return fault('dpop_nonce_required')
      if (judged.state === 'wrong') return wrong(judged.why)
      remember(proof.header, found)
      return { jkt: found.jkt, once: onceOf(found.jkt, judged.jti, judged.untilSeconds) }
    },
  }
}

interface ProofKey {
  readonly jkt: string
  readonly key: BoundKey
}

const KEYS_MAX = 5_000

const wrong = (why: string): Fault => fault('dpop_proof_invalid', { about: why })

/** The same rules as for a key that is registered. */
const readKey = ({ jwk, alg }: DpopProof): ReturnType<typeof readPublicKey> | string => {
  try {
    return readPublicKey({ ...jwk, alg })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return 'its key is too weak, or does not fit its alg'
  }
}

// Each key has its own names for its proofs; nobody can use up another's.
const onceOf = (jkt: string, jti: string, untilSeconds: number): Once => ({
  space: 'dpop',
  key: hash('sha256', JSON.stringify([jkt, jti]), 'base64url'),
  until: new Date(untilSeconds * 1000),
})
