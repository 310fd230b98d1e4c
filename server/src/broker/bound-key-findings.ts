import type { ReportedFinding } from '../reported-finding.ts'
import type { BoundClaims } from './domain/bound-claims.ts'
import type { Subject } from './room.ts'
import type { BoundKeyUse } from './store-bound-key.ts'

interface Seen {
  readonly credential: string
  readonly subject: Subject
  readonly last: BoundKeyUse
  readonly claims: BoundClaims
  readonly address: string | null
}

const about = (rule: string, { credential, subject, last, claims, address }: Seen) => ({
  fingerprint: `broker.bound-key.${rule}/${credential}`,
  rule: `bound-key-${rule}`,
  confidence: 'high' as const,
  identity: subject.id,
  where: null,
  evidence: {
    credential,
    generation: String(claims.generation),
    newestGeneration: String(last.generation),
    firstAddress: last.address ?? 'unknown',
    secondAddress: address ?? 'unknown',
  },
})

/** The finding that more than one machine has a key that is bound to one. */
export const cloneFinding = (seen: Seen): ReportedFinding => ({
  ...about('cloned', seen),
  severity: 'critical',
  // OWASP NHI Top 10 2025: secret leakage.
  owasp: 'NHI2',
  title: `a key of ${seen.subject.name} that is bound to one machine is used by another one too`,
  why: 'one use of the key came twice, and not as its repetition: there are two copies of its state, or of the key alone',
  fix: 'find out who is at the two addresses, revoke the credential, and let the machine join with a new one',
})

/** The finding that a machine counts further than this server. */
export const outOfStepFinding = (seen: Seen): ReportedFinding => ({
  ...about('out-of-step', seen),
  severity: 'high',
  // OWASP NHI Top 10 2025: insecure authentication.
  owasp: 'NHI4',
  title: `a machine of ${seen.subject.name} has used its bound key more often than this server knows`,
  why: 'the database was put back to an earlier time, or somebody who has the key guesses how often it was used',
  fix: 'if the database was put back, revoke the credential and let the machine join with a new one; if not, it is stolen',
})
