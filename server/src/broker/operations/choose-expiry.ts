import { coreFault } from '../../kit/fault.ts'
import { momentIn } from '../../kit/moment.ts'
import type { CredentialKind } from '../domain/credential-kind.ts'
import { latestExpiry } from '../domain/credential-life.ts'
import { fault } from '../faults.ts'
import type { BrokerPorts, Subject } from '../room.ts'

/** When a new credential ends: as asked, or as late as its tier, its identity and its exception allow. */
export const chooseExpiry = (
  input: { readonly kind: CredentialKind; readonly expiresAt?: string | undefined },
  given: {
    readonly tiers: BrokerPorts['tiers']
    readonly subject: Subject
    readonly exception: { readonly expiresAt: Date } | undefined
    readonly now: Date
    /** Of a certificate: nothing is proven by it after its end. */
    readonly certificateEndsAt?: Date | undefined
  },
): Date => {
  const ofTier = latestExpiry({
    kind: input.kind,
    rules: given.tiers[given.subject.tier],
    now: given.now,
    identityExpiresAt: given.subject.expiresAt,
    exceptionExpiresAt: given.exception?.expiresAt,
  })
  const { certificateEndsAt: ends } = given
  const latest = ends !== undefined && ends < ofTier ? ends : ofTier
  const asked = input.expiresAt === undefined ? latest : momentIn('expiresAt', input.expiresAt, given.now)
  if (asked <= given.now)
    throw coreFault('invalid_input', { places: [{ pointer: '/expiresAt', detail: 'this time has passed' }] })
  if (asked > latest) throw fault('credential_life_too_long', { about: `at most until ${latest.toISOString()}` })
  return asked
}
