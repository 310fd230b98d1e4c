import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose'
import { type Clock, systemClock } from '../src/clock.ts'
import { createDpopProver } from '../src/dpop/dpop-key.ts'

/** A key that tokens are bound to, with proofs by it, and wrong ones. */
export const holdKey = async (clock: Clock = systemClock) => {
  const key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const jwk = await exportJWK(key.publicKey)
  const { kty, crv, x, y } = jwk
  const random = { fraction: () => 0.5, id: () => crypto.randomUUID() }
  return {
    key,
    jwk: { kty, crv, x, y },
    privateJwk: await exportJWK(key.privateKey),
    jkt: await calculateJwkThumbprint(jwk),
    prove: createDpopProver({ key, clock, random }),
    /** Signs exactly these claims under this header, as a dishonest or broken holder would. */
    sign: (claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: { kty, crv, x, y }, ...header })
        .sign(key.privateKey),
  }
}

/** The times of a token that is good by the host's clock. */
export const lifeFromNow = () => {
  const now = Math.floor(Date.now() / 1000)
  return { iat: now, exp: now + 300 }
}
