import { z } from 'zod'
import { coreFault } from '../../kit/fault.ts'
import { momentIn, WrittenMoment } from '../../kit/moment.ts'
import type { TierRules } from '../../settings.ts'
import { preferredProofs } from '../domain/proof-table.ts'
import { isRotatable, type RotatableKind } from '../domain/rotation.ts'
import { fault } from '../faults.ts'
import { readPublicKey } from '../public-key.ts'
import { operation } from '../room.ts'
import { type Credential, holdCredentials, insertCredential } from '../store-credential.ts'
import { insertRotation, type NewRotation, rotationsOf, runningRotation } from '../store-rotation.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { admitCredential, makeSecret } from './admit-credential.ts'
import { CertificateInput, readCertificateInput } from './certificate-input.ts'
import { CredentialId, CredentialView, ReasonText, viewCredential } from './credential-view.ts'
import { holdActive } from './hold-active.ts'
import { Jwk } from './jwk-input.ts'
import { keepSecret } from './keep-secret.ts'
import { needCredential } from './need-credential.ts'
import { newCredential } from './new-credential.ts'
import { proofFinding } from './proof-finding.ts'
import { mustFitKind } from './public-key-input.ts'
import { AtDeadlineInput } from './rotation-view.ts'

const WINDOW_DAYS_MAX = 30

/** Makes the next credential; the old one goes on until all who use it were seen on the new one, or the deadline comes. */
export const rotateCredential = operation.write({
  name: 'broker.credential.rotate',
  summary: 'replace a credential by the next; the old one works until all who use it have moved',
  input: z.strictObject({
    credential: CredentialId,
    /** Of the kind public-key, and of self-signed-tls by its key: the public part of the new key pair, as a JWK. */
    publicKey: Jwk.optional(),
    /** Of the kind self-signed-tls: the new certificate, in PEM. */
    certificate: CertificateInput.certificate,
    /** When the new one ends; left out: as late as the tier of the identity allows. */
    expiresAt: WrittenMoment.optional(),
    /** When both stop working side by side; left out: what the tier says. */
    deadline: WrittenMoment.optional(),
    /** What becomes of the old one then, if somebody has not moved: it stops working, or a finding says who it is. */
    atDeadline: AtDeadlineInput.default('retire'),
    /** Whoever used the old one in so many days is waited for. */
    windowDays: z.int().min(1).max(WINDOW_DAYS_MAX).default(7),
    reason: ReasonText.optional(),
  }),
  output: z.object({
    credential: CredentialView,
    /** The new client secret, API key or secret that signs webhooks, answered once; null for a public key. */
    secret: z.string().nullable(),
    replaces: CredentialView,
    /** What the table of proofs says of this kind for this identity. */
    verdict: z.enum(['preferred', 'allowed', 'refused']),
    preferred: z.array(z.string()),
  }),
  faults: [
    'credential_not_found',
    'credential_wrong_state',
    'credential_not_rotatable',
    'rotation_running',
    'rotation_deadline_wrong',
    'identity_not_found',
    'identity_not_active',
    'credential_too_many',
    'credential_kind_refused',
    'credential_life_too_long',
    'credential_key_missing',
    'credential_key_private',
    'credential_key_weak',
    'credential_key_in_use',
    'credential_certificate_missing',
    'credential_certificate_wrong',
  ],
  prepare: async ({ input }) => (input.publicKey === undefined ? undefined : readPublicKey(input.publicKey)),
  on: async ({ input, ports, tx }) => {
    const { identity } = await needCredential(tx, input.credential)
    return aboutIdentity(await needIdentity(ports, tx, identity))
  },
  run: async ({ input, caller, now, newId, ports, tx, prepared }) => {
    const { identity } = await needCredential(tx, input.credential)
    const subject = await holdActive(ports, tx, identity, now)
    const old = (await holdCredentials(tx, [input.credential])).get(input.credential)
    if (old === undefined) throw fault('credential_not_found')
    const kind = rotatableKind(old, now)
    mustFitKind(kind, prepared !== undefined)
    const { publicKey, certificate: pem } = input
    const certificate = readCertificateInput({ kind, publicKey, certificate: pem }, now)
    if ((await runningRotation(tx, old.id)) !== undefined) throw fault('rotation_running')
    const wanted = {
      kind,
      limits: old.limits ?? undefined,
      expiresAt: input.expiresAt,
      certificateEndsAt: certificate?.endsAt,
    }
    const { verdict, exception, expiresAt } = await admitCredential(ports, tx, { subject, wanted, now })
    const secret = makeSecret(kind, subject.environment, ports)
    const id = newId('crd')
    const stored = newCredential(
      { id, subject, kind, name: old.name, expiresAt, now, by: caller.actor.id },
      {
        algorithm: prepared?.algorithm ?? null,
        keyId: prepared?.keyId ?? null,
        thumbprint: certificate?.thumbprint ?? prepared?.thumbprint ?? null,
        publicJwk: prepared?.jwk ?? null,
        ...keepSecret(ports, { id, kind, secret }),
        exception,
        limits: old.limits,
      },
    )
    const endsBy = Math.min(old.expiresAt, stored.expiresAt)
    const rotation: NewRotation = {
      id: newId('rot'),
      identity: subject.id,
      predecessor: old.id,
      successor: stored.id,
      startedAt: now.getTime(),
      startedBy: caller.actor.id,
      reason: input.reason ?? null,
      deadline: chooseDeadline(input.deadline, { rules: ports.tiers[subject.tier], endsBy, now }),
      atDeadline: input.atDeadline,
      knownSince: now.getTime() - input.windowDays * DAY_MS,
    }
    if (!(await insertCredential(tx, stored))) throw fault('credential_key_in_use')
    // INVARIANT: one successor at a time, whoever asks at the same moment on another replica.
    if (!(await insertRotation(tx, rotation))) throw fault('rotation_running')
    if (verdict !== 'preferred') await ports.findings.report(tx, [proofFinding(stored, subject, verdict)], now)
    const rotations = await rotationsOf(tx, [old.id])
    return {
      output: {
        credential: viewCredential(stored, now, rotations),
        secret,
        replaces: viewCredential(old, now, rotations),
        verdict,
        preferred: [...preferredProofs(subject.kind)],
      },
      change: [
        { field: 'credential', before: old.id, after: stored.id },
        { field: 'kind', before: kind, after: kind },
        { field: 'expiresAt', before: new Date(old.expiresAt).toISOString(), after: expiresAt.toISOString() },
        { field: 'thumbprint', before: old.thumbprint, after: stored.thumbprint },
        { field: 'deadline', before: null, after: new Date(rotation.deadline).toISOString() },
        { field: 'atDeadline', before: null, after: rotation.atDeadline },
      ],
      evidence: { verdict, exception, rotation: rotation.id, reason: rotation.reason },
      signals: [
        { topic: 'credential', key: stored.id },
        { topic: 'identity', key: subject.id },
      ],
    }
  },
})

const rotatableKind = ({ kind, state, expiresAt }: Credential, now: Date): RotatableKind => {
  if (!isRotatable(kind)) throw fault('credential_not_rotatable', { about: kind })
  if (state !== 'active') throw fault('credential_wrong_state', { about: `it is ${state}` })
  if (expiresAt <= now.getTime()) throw fault('credential_wrong_state', { about: 'it is expired' })
  return kind
}

const chooseDeadline = (
  asked: string | undefined,
  { rules, endsBy, now }: { readonly rules: TierRules; readonly endsBy: number; readonly now: Date },
): number => {
  const latest = Math.min(now.getTime() + rules.rotationDaysMax * DAY_MS, endsBy)
  if (asked === undefined) return Math.min(now.getTime() + rules.rotationDaysDefault * DAY_MS, latest)
  const deadline = momentIn('deadline', asked, now).getTime()
  if (deadline <= now.getTime())
    throw coreFault('invalid_input', { places: [{ pointer: '/deadline', detail: 'this time has passed' }] })
  if (deadline > latest) throw fault('rotation_deadline_wrong', { about: `at most ${new Date(latest).toISOString()}` })
  return deadline
}

const DAY_MS = 86_400_000
