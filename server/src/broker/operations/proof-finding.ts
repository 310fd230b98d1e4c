import type { ReportedFinding } from '../../reported-finding.ts'
import { rulesOfKind } from '../domain/credential-kind.ts'
import { preferredProofs } from '../domain/proof-table.ts'
import type { Subject } from '../room.ts'
import type { Credential } from '../store-credential.ts'

/** The finding that an identity proves itself in another way than it should. */
export const proofFinding = (
  credential: Credential,
  subject: Subject,
  verdict: 'allowed' | 'refused',
): ReportedFinding => {
  const better = preferredProofs(subject.kind).join(' or ')
  return {
    fingerprint: `broker.credential.proof/${credential.id}`,
    rule: 'credential-not-preferred',
    severity: SEVERITY[verdict === 'refused' ? 'refused' : credential.kind],
    confidence: 'high',
    // OWASP NHI Top 10 2025: insecure authentication, long-lived secrets.
    owasp: rulesOfKind(credential.kind).isStatic ? 'NHI7' : 'NHI4',
    title: `${subject.name} proves itself with a ${credential.kind}`,
    why: WHY[credential.kind],
    fix: better === '' ? 'put it behind the exchange layer' : `use ${better} and revoke this credential`,
    identity: subject.id,
    where: null,
    evidence: {
      credential: credential.id,
      kind: credential.kind,
      verdict,
      expiresAt: new Date(credential.expiresAt).toISOString(),
    },
  }
}

const SEVERITY = {
  refused: 'high',
  'client-secret': 'medium',
  'api-key': 'medium',
  'webhook-secret': 'medium',
  'public-key': 'low',
  'bound-key': 'low',
  federation: 'low',
  'self-signed-tls': 'low',
  'tls-client-auth': 'low',
} as const

const WHY = {
  'client-secret': 'a static secret works for whoever holds it, from anywhere, until it ends',
  'api-key': 'a static key works for whoever holds it, wherever its networks reach, until it ends',
  'webhook-secret': 'whoever holds the secret signs webhooks as this identity, until it ends',
  'public-key': 'a key pair must be kept, moved and rotated by somebody; what the platform vouches for need not be',
  'self-signed-tls':
    'a certificate that nobody issued must be kept, moved and renewed by somebody; what the platform vouches for need not be',
  'tls-client-auth': 'a certificate is the way of devices; for this kind of automation there is a closer one',
  'bound-key':
    'a key pair whose copies are noticed must still be kept by somebody; what the platform vouches for need not be',
  federation: 'a token of a platform is the way of CI jobs; for this kind of automation there is a closer one',
} as const
