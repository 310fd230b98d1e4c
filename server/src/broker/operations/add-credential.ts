import { z } from 'zod'
import type { AnyTx } from '../../kit/database.ts'
import { Line, Moment } from '../../kit/text.ts'
import { hashSecret, makeApiKey, makeClientSecret } from '../client-secret.ts'
import type { CertificateName } from '../domain/certificate-name.ts'
import { isStatic } from '../domain/credential-life.ts'
import { judgeProof, type ProofVerdict, preferredProofs } from '../domain/proof-table.ts'
import { fault } from '../faults.ts'
import { type PublicKey, readPublicKey } from '../public-key.ts'
import { type BrokerPorts, operation, type Subject } from '../room.ts'
import { insertCredential } from '../store-credential.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { CertificateInput, readCertificateInput } from './certificate-input.ts'
import { chooseExpiry } from './choose-expiry.ts'
import { AddedKind, CredentialView, viewCredential } from './credential-view.ts'
import { holdActive } from './hold-active.ts'
import { KeyLimitsInput, readKeyLimits } from './key-limits-input.ts'
import { newCredential } from './new-credential.ts'
import { proofFinding } from './proof-finding.ts'

const Jwk = z.record(
  z.string().max(64),
  z.union([z.string().max(4000), z.boolean(), z.array(z.string().max(4000)).max(10)]),
)

/** Adds a credential to an identity; a secret is answered once, here, and never again. */
export const addCredential = operation.write({
  name: 'broker.credential.add',
  summary: 'Add a way in which an identity proves itself',
  input: z.strictObject({
    /** The id or name of the identity. */
    identity: z.string().min(1).max(200),
    kind: AddedKind,
    /** What people call it, such as the place where it is used. */
    name: Line(100).optional(),
    /** The public part of a key pair, as a JWK: of kind public-key, or of the certificates of kind self-signed-tls. */
    publicKey: Jwk.optional(),
    ...CertificateInput,
    ...KeyLimitsInput,
    /** Left out: as late as the tier of the identity allows. */
    expiresAt: Moment.optional(),
  }),
  output: z.object({
    credential: CredentialView,
    /** The client secret or the API key; null for every other kind. */
    secret: z.string().nullable(),
    /** What the table of proofs says of this kind for this identity. */
    verdict: z.enum(['preferred', 'allowed', 'refused']),
    preferred: z.array(z.string()),
  }),
  faults: [
    'identity_not_found',
    'identity_not_active',
    'credential_kind_refused',
    'credential_life_too_long',
    'credential_key_missing',
    'credential_key_private',
    'credential_key_weak',
    'credential_key_in_use',
    'credential_certificate_missing',
    'credential_certificate_wrong',
    'api_key_limits_wrong',
    'resource_not_registered',
    'scope_malformed',
  ],
  prepare: async ({ input }) => readKeyOf(input),
  on: async ({ input, ports, tx }) => aboutIdentity(await needIdentity(ports, tx, input.identity)),
  run: async ({ input, caller, now, newId, ports, tx, prepared }) => {
    const subject = await holdActive(ports, tx, input.identity)
    const certificate = readCertificateInput(input, now)
    const limits = readKeyLimits(input, ports.decisions)
    const verdict = judge(ports, subject, input)
    const exception = await needException(ports, tx, subject, input.kind, verdict, now)
    const expiresAt = chooseExpiry(input, {
      ...{ tiers: ports.tiers, subject, exception, now },
      certificateEndsAt: certificate?.endsAt,
    })
    const secret = makeSecret(input.kind, subject.environment, ports)
    const { kind, name } = input
    const stored = newCredential(
      { id: newId('crd'), subject, kind, name, expiresAt, now, by: caller.actor.id },
      {
        algorithm: prepared?.algorithm ?? null,
        keyId: prepared?.keyId ?? null,
        thumbprint: certificate?.thumbprint ?? prepared?.thumbprint ?? null,
        publicJwk: prepared?.jwk ?? null,
        secretHash: secret === null ? null : hashSecret(secret),
        exception: exception?.id ?? null,
        limits: limits ?? null,
        certificateName: certificate?.name ?? null,
      },
    )
    if (!(await insertCredential(tx, stored))) throw fault('credential_key_in_use')
    if (verdict !== 'preferred') await ports.findings.report(tx, [proofFinding(stored, subject, verdict)], now)
    return {
      output: {
        credential: viewCredential(stored, now),
        secret,
        verdict,
        preferred: [...preferredProofs(subject.kind)],
      },
      change: [
        { field: 'credential', before: null, after: stored.id },
        { field: 'kind', before: null, after: stored.kind },
        { field: 'expiresAt', before: null, after: expiresAt.toISOString() },
        { field: 'thumbprint', before: null, after: stored.thumbprint },
        ...(certificate?.name ? [{ field: 'certificateName', before: null, after: nameText(certificate.name) }] : []),
        ...(limits === undefined ? [] : [{ field: 'limits', before: null, after: JSON.stringify(limits) }]),
      ],
      evidence: { verdict, exception: stored.exception },
      signals: [
        { topic: 'credential', key: stored.id },
        { topic: 'identity', key: subject.id },
      ],
    }
  },
})

interface Asked {
  readonly kind: z.infer<typeof AddedKind>
  readonly name?: string | undefined
  readonly publicKey?: Readonly<Record<string, unknown>> | undefined
  readonly expiresAt?: string | undefined
  readonly networks?: readonly string[] | undefined
}

const readKeyOf = (input: Asked): PublicKey | undefined => {
  const mayHaveKey = input.kind === 'public-key' || input.kind === 'self-signed-tls'
  if (input.kind === 'public-key' ? input.publicKey === undefined : !mayHaveKey && input.publicKey !== undefined)
    throw fault('credential_key_missing')
  return input.publicKey === undefined ? undefined : readPublicKey(input.publicKey)
}

const nameText = ({ type, value }: CertificateName): string => `${type} ${value}`

const makeSecret = (
  kind: Asked['kind'],
  environment: string,
  { random }: Pick<BrokerPorts, 'random'>,
): string | null => {
  if (kind === 'api-key') return makeApiKey(environment, random)
  return kind === 'client-secret' ? makeClientSecret(environment, random) : null
}

const judge = ({ tiers }: Pick<BrokerPorts, 'tiers'>, subject: Subject, input: Asked): ProofVerdict => {
  const verdict = judgeProof(subject, input.kind)
  const isForbidden = isStatic(input.kind) && tiers[subject.tier].staticCredentialDaysMax === 0
  // The table allows a key that is bound to a network; one that works from everywhere is what it is to replace.
  const isUnbound = input.kind === 'api-key' && (input.networks ?? []).length === 0
  return isForbidden || isUnbound ? 'refused' : verdict
}

interface Exception {
  readonly id: string
  readonly expiresAt: Date
}

const needException = async (
  ports: BrokerPorts,
  tx: AnyTx,
  subject: Subject,
  kind: Asked['kind'],
  verdict: ProofVerdict,
  now: Date,
): Promise<Exception | undefined> => {
  if (verdict !== 'refused') return undefined
  const found = await ports.exceptions.find(tx, `credential.${kind}`, subject.id, now)
  if (found === undefined)
    throw fault('credential_kind_refused', { about: `${kind} for a ${subject.kind} of tier ${subject.tier}` })
  return found
}
