import { z } from 'zod'
import type { AnyTx } from '../../kit/database.ts'
import { WrittenMoment } from '../../kit/moment.ts'
import type { Subject as OperationSubject } from '../../kit/operation.ts'
import { Line } from '../../kit/text.ts'
import type { ReportedFinding } from '../../reported-finding.ts'
import { judgeProof, type ProofVerdict, preferredProofs } from '../domain/proof-table.ts'
import { overlap, type TrustTerms } from '../domain/trust.ts'
import { isRefused, lintTrust, type TrustLint } from '../domain/trust-lint.ts'
import { fault } from '../faults.ts'
import { type BrokerPorts, operation, type Subject } from '../room.ts'
import { type Credential, insertCredential } from '../store-credential.ts'
import { holdTrusts, insertTrust, trustsIn } from '../store-trust.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { chooseExpiry } from './choose-expiry.ts'
import { CredentialView, viewCredential } from './credential-view.ts'
import { holdActive } from './hold-active.ts'
import { newCredential } from './new-credential.ts'
import { proofFinding } from './proof-finding.ts'
import { readTerms, TermsInput, TrustLintView, TrustView, viewLints, viewTrust } from './trust-view.ts'

/** Adds a credential that is a trust: tokens of that issuer that say exactly this are the identity. */
export const addTrust = operation.write({
  name: 'broker.trust.add',
  summary: 'let an identity prove itself with tokens of its platform, such as a CI system or a cluster',
  input: z.strictObject({
    /** The id or name of the identity. */
    identity: z.string().min(1).max(200),
    ...TermsInput,
    /** What people call it. */
    name: Line(100).optional(),
    /** Left out: as late as the tier of the identity allows. */
    expiresAt: WrittenMoment.optional(),
  }),
  output: z.object({
    credential: CredentialView,
    trust: TrustView,
    /** What is allowed and not good. */
    lints: z.array(TrustLintView),
    /** What the table of proofs says of this for this identity. */
    verdict: z.enum(['preferred', 'allowed', 'refused']),
    preferred: z.array(z.string()),
  }),
  faults: [
    'identity_not_found',
    'identity_not_active',
    'credential_too_many',
    'credential_kind_refused',
    'credential_life_too_long',
    'trust_refused',
    'trust_ambiguous',
  ],
  on: async ({ input, ports, tx }) => aboutIdentity(await needIdentity(ports, tx, input.identity)),
  run: async ({ input, caller, now, newId, ports, tx, sees }) => {
    const subject = await holdActive(ports, tx, input.identity, now)
    const terms = readTerms(input, ports.issuer())
    const lints = lintTrust(terms, ports.issuer())
    const refused = lints.filter(isRefused)
    if (refused.length > 0)
      throw fault('trust_refused', { about: refused.map(({ code, fix }) => `${code} (${fix})`).join('; ') })
    const verdict = judge(subject, terms)
    if (verdict === 'refused')
      throw fault('credential_kind_refused', { about: `federation for a ${subject.kind} of tier ${subject.tier}` })
    const given = { tiers: ports.tiers, subject, exception: undefined, now }
    const expiresAt = chooseExpiry({ kind: 'federation', expiresAt: input.expiresAt }, given)
    await refuseAmbiguous(terms, subject, { ports, tx, now, sees })
    const { name } = input
    const by = caller.actor.id
    const credential = newCredential({ id: newId('crd'), subject, kind: 'federation', name, expiresAt, now, by })
    await insertCredential(tx, credential)
    await insertTrust(tx, credential.id, terms)
    const findings = [
      ...(verdict === 'allowed' ? [proofFinding(credential, subject, verdict)] : []),
      ...(lints.length > 0 ? [lintFinding(credential, subject, lints)] : []),
    ]
    if (findings.length > 0) await ports.findings.report(tx, findings, now)
    return {
      output: {
        credential: viewCredential(credential, now),
        trust: viewTrust(terms),
        lints: viewLints(lints),
        verdict,
        preferred: [...preferredProofs(subject.kind)],
      },
      change: [
        { field: 'credential', before: null, after: credential.id },
        { field: 'kind', before: null, after: credential.kind },
        { field: 'expiresAt', before: null, after: expiresAt.toISOString() },
        { field: 'issuer', before: null, after: terms.issuer },
        { field: 'audience', before: null, after: terms.audience },
        { field: 'claims', before: null, after: JSON.stringify(terms.claims) },
        { field: 'tokens', before: null, after: terms.tokens },
        ...(terms.regions === undefined ? [] : [{ field: 'regions', before: null, after: terms.regions.join(' ') }]),
        ...(terms.bundle === undefined ? [] : [{ field: 'bundle', before: null, after: JSON.stringify(terms.bundle) }]),
      ],
      evidence: { verdict, platform: terms.platform, lints: lints.map(({ code }) => code).join(' ') },
      signals: [
        { topic: 'credential', key: credential.id },
        { topic: 'identity', key: subject.id },
        { topic: 'trust', key: terms.issuer },
      ],
    }
  },
})

/** What a cluster says of its pods, or a trust domain of its workloads, is their workload identity as well. */
const judge = (subject: Subject, { platform }: TrustTerms): ProofVerdict => {
  const verdict = judgeProof(subject, 'federation')
  const isPreferred =
    (platform === 'kubernetes' || platform === 'spiffe') && judgeProof(subject, 'workload-identity') === 'preferred'
  return isPreferred && verdict === 'allowed' ? 'preferred' : verdict
}

/** One token is one identity: a trust that could fit what another identity's fits is not added. */
const refuseAmbiguous = async (
  terms: TrustTerms,
  subject: Subject,
  given: {
    readonly ports: Pick<BrokerPorts, 'subjects'>
    readonly tx: AnyTx
    readonly now: Date
    sees(about: OperationSubject): boolean
  },
): Promise<void> => {
  const { ports, tx, now, sees } = given
  await holdTrusts(tx)
  for (const other of await trustsIn(tx, terms.issuer, terms.audience)) {
    const isOver = other.expiresAt <= now.getTime() || other.identity === subject.id
    if (isOver || !overlap(terms, other.terms)) continue
    const theirs = await ports.subjects.find(tx, other.identity)
    // Whose it is, is told to whom may know of it.
    const isKnown = theirs !== undefined && sees(aboutIdentity(theirs))
    throw fault('trust_ambiguous', isKnown ? { about: `${other.credential} of ${theirs.name}` } : {})
  }
}

const lintFinding = (credential: Credential, subject: Subject, lints: readonly TrustLint[]): ReportedFinding => ({
  fingerprint: `broker.trust.lint/${credential.id}`,
  rule: 'trust-too-open',
  severity: 'medium',
  confidence: 'high',
  // OWASP NHI Top 10 2025: insecure cloud deployment configurations.
  owasp: 'NHI6',
  title: `${subject.name} trusts more than one workload, or one that can be taken over`,
  why: lints.map(({ code, why }) => `${code}: ${why}`).join('; '),
  fix: `${lints.map(({ fix }) => fix).join('; ')}; add that trust and revoke this one`,
  identity: subject.id,
  where: null,
  evidence: { credential: credential.id, lints: lints.map(({ code }) => code).join(' ') },
})
