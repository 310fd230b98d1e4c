import { createDpopProver } from '@reeve/sdk/dpop'
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose'
import type { Clock } from '../src/kit/clock.ts'

/** A key that tokens are bound to, with proofs by it, and wrong ones. */
export const holdKey = async (clock: Pick<Clock, 'now'> = { now: () => new Date() }) => {
  const key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const { kty, crv, x, y } = await exportJWK(key.publicKey)
  const jwk = Object.fromEntries(Object.entries({ kty, crv, x, y }).filter(([, value]) => value !== undefined))
  return {
    key,
    jwk,
    privateJwk: await exportJWK(key.privateKey),
    jkt: await calculateJwkThumbprint({ kty: 'EC', ...jwk }),
    prove: createDpopProver({
      key,
      clock: { nowMs: () => clock.now().getTime(), monotonicMs: () => 0, after: () => () => undefined },
      random: { fraction: () => 0.5, id: () => crypto.randomUUID() },
    }),
    /** Signs exactly these claims under this header, as a dishonest or broken holder would. */
    sign: (claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header }).sign(key.privateKey),
  }
}
