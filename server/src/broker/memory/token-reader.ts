import { hash } from 'node:crypto'
import { revocationTarget, type ScopedTarget, stoppableNames } from '@reeve/sdk'
import { dropOldest } from '../../kit/drop-oldest.ts'
import { readAccessClaims } from '../access-token.ts'
import { readCompactJwt } from '../domain/compact-jwt.ts'
import type { OwnToken, TokenReader } from '../room.ts'
import { isSigned } from '../signature.ts'
import type { KeyRing } from './key-ring.ts'
import type { StopBoard } from './stop-board.ts'

const SEEN_MAX = 5_000

/** Reads the access tokens of this issuer; one that was verified is remembered for as long as its key is shown. */
export const createTokenReader = (given: {
  readonly ring: KeyRing
  readonly board: StopBoard
  issuer(): string
}): TokenReader => {
  const { ring, board } = given
  const seen = new Map<string, OwnToken>()

  const verify = (text: string): OwnToken | undefined => {
    const jwt = readCompactJwt(text)
    const keyId = jwt?.header.kid
    if (jwt === undefined || typeof keyId !== 'string') return undefined
    const key = ring.published(keyId)
    // RFC 9068 §4 and RFC 8725 §3.1, §3.11: the type is ours, and the key says the algorithm.
    if (key === undefined || jwt.header.typ !== 'at+jwt' || jwt.header.alg !== key.algorithm) return undefined
    if (!isSigned(key, jwt.signingInput, jwt.signature)) return undefined
    const payload = jwt.claims()
    const claims = payload === undefined ? undefined : readAccessClaims(payload)
    if (claims === undefined || claims.iss !== given.issuer()) return undefined
    return { claims, algorithm: key.algorithm, keyId }
  }

  const remembered = (text: string): OwnToken | undefined => {
    const known = seen.get(text)
    return known !== undefined && ring.published(known.keyId) !== undefined ? known : undefined
  }

  return {
    remembered,
    read: (text) => {
      const known = remembered(text)
      if (known !== undefined) return known
      const token = verify(text)
      if (token === undefined) return undefined
      dropOldest(seen, SEEN_MAX)
      seen.set(text, token)
      return token
    },
    endOf: (token, now) => {
      if (token.claims.exp * 1000 <= now.getTime()) return 'expired'
      return targetsOf(token).find(({ target }) => board.isStopped(target, now.getTime()))?.scope
    },
  }
}

/** The name of a token in events and use reports: it says nothing that could be used. */
export const tokenDigest = (jti: string): string => hash('sha256', jti, 'base64url')

const targets = new WeakMap<OwnToken, readonly ScopedTarget[]>()

/** What stops a token that was read: worked out once, looked up each time. */
const targetsOf = (token: OwnToken): readonly ScopedTarget[] => {
  const known = targets.get(token)
  if (known !== undefined) return known
  const made = stoppableNames(token.claims).map(([scope, id]) => ({ scope, target: revocationTarget(scope, id) }))
  targets.set(token, made)
  return made
}

const digests = new WeakMap<OwnToken, string>()

/** The same of a token that was read, hashed once however often it is shown. */
export const digestOf = (token: OwnToken): string => {
  const known = digests.get(token)
  if (known !== undefined) return known
  const digest = tokenDigest(token.claims.jti)
  digests.set(token, digest)
  return digest
}
