import type { TestContext } from 'node:test'
import { createVerifier } from '../src/verifier/verifier.ts'
import type { VerifierOptions } from '../src/verifier/verifier-options.ts'
import { createFakeClock } from './fake-clock.ts'
import { createFakeIssuer } from './fake-issuer.ts'
import { audience } from './fake-keys.ts'

/** A fake issuer on a fake clock, and verifiers of it, all closed with the test. */
export const startIssuer = async (t: TestContext, { lifeSeconds = 900 } = {}) => {
  const clock = createFakeClock()
  const issuer = await createFakeIssuer({ clock, lifeSeconds })
  t.after(() => issuer.close().catch(() => {}))
  const random = { fraction: () => 0.5, id: () => crypto.randomUUID() }

  const verifier = async (options: Partial<VerifierOptions> = {}) => {
    const made = verifierNotReady(options)
    await made.ready()
    return made
  }
  const verifierNotReady = (options: Partial<VerifierOptions> = {}) => {
    const made = createVerifier({ issuer: issuer.url, audience, clock, random, ...options })
    t.after(() => made.close())
    return made
  }
  return { clock, issuer, random, verifier, verifierNotReady }
}
