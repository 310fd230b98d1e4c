import { z } from 'zod'
import { WrittenMoment } from '../../kit/moment.ts'
import { Line } from '../../kit/text.ts'
import { hashSecret } from '../client-secret.ts'
import type { CertificateName } from '../domain/certificate-name.ts'
import { preferredProofs } from '../domain/proof-table.ts'
import { fault } from '../faults.ts'
import { type BrokerPorts, operation } from '../room.ts'
import { insertBoundKey } from '../store-bound-key.ts'
import { insertCredential } from '../store-credential.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { admitCredential, makeSecret } from './admit-credential.ts'
import { CertificateInput, readCertificateInput } from './certificate-input.ts'
import { AddedKind, CredentialView, viewCredential } from './credential-view.ts'
import { holdActive } from './hold-active.ts'
import { Jwk } from './jwk-input.ts'
import { keepSecret } from './keep-secret.ts'
import { KeyLimitsInput, readKeyLimits } from './key-limits-input.ts'
import { newCredential } from './new-credential.ts'
import { proofFinding } from './proof-finding.ts'
import { readKeyOf } from './public-key-input.ts'

/** Adds a credential to an identity; a secret is answered once, here, and never again. */
export const addCredential = operation.write({
  name: 'broker.credential.add',
  summary: 'add a way in which an identity proves itself',
  input: z.strictObject({
    /** The id or name of the identity. */
    identity: z.string().min(1).max(200),
    kind: AddedKind,
    /** What people call it, such as the place where it is used. */
    name: Line(100).optional(),
    /** The public part of a key pair, as a JWK: of kind public-key, or of the certificates of kind self-signed-tls. */
    publicKey: Jwk.optional(),
    /** The address of a key set (RFC 7517 §5), in place of a key: its keys may change without a word to this server. */
    jwksUri: Line(500).optional(),
    ...CertificateInput,
    ...KeyLimitsInput,
    /** Left out: as late as the tier of the identity allows. */
    expiresAt: WrittenMoment.optional(),
  }),
  output: z.object({
    credential: CredentialView,
    /** The client secret, the API key, what signs webhooks, or what one machine joins with, within an hour; null for every other kind. */
    secret: z.string().nullable(),
    /** What the table of proofs says of this kind for this identity. */
    verdict: z.enum(['preferred', 'allowed', 'refused']),
    preferred: z.array(z.string()),
  }),
  faults: [
    'identity_not_found',
    'identity_not_active',
    'credential_too_many',
    'credential_kind_refused',
    'credential_life_too_long',
    'credential_key_missing',
    'credential_key_private',
    'credential_key_weak',
    'credential_key_in_use',
    'credential_keys_unreachable',
    'credential_certificate_missing',
    'credential_certificate_wrong',
    'api_key_limits_wrong',
    'resource_not_registered',
    'scope_malformed',
  ],
  prepare: async ({ input, ports }) => {
    if (input.jwksUri === undefined) return readKeyOf(input.kind, input.publicKey)
    if (input.kind !== 'public-key' || input.publicKey !== undefined) throw fault('credential_key_missing')
    await needKeys(ports, input.jwksUri)
    return undefined
  },
  on: async ({ input, ports, tx }) => aboutIdentity(await needIdentity(ports, tx, input.identity)),
  run: async ({ input, caller, now, newId, ports, tx, prepared }) => {
    const subject = await holdActive(ports, tx, input.identity, now)
    const certificate = readCertificateInput(input, now)
    const limits = readKeyLimits(input, ports.decisions)
    const { kind, name } = input
    const wanted = { kind, limits, expiresAt: input.expiresAt, certificateEndsAt: certificate?.endsAt }
    const { verdict, exception, expiresAt } = await admitCredential(ports, tx, { subject, wanted, now })
    const secret = makeSecret(kind, subject.environment, ports)
    const id = newId('crd')
    const stored = newCredential(
      { id, subject, kind, name, expiresAt, now, by: caller.actor.id },
      {
        algorithm: prepared?.algorithm ?? null,
        keyId: prepared?.keyId ?? null,
        thumbprint: certificate?.thumbprint ?? prepared?.thumbprint ?? null,
        publicJwk: prepared?.jwk ?? null,
        ...keepSecret(ports, { id, kind, secret }),
        exception,
        limits: limits ?? null,
        jwksUri: input.jwksUri ?? null,
        certificateName: certificate?.name ?? null,
      },
    )
    if (!(await insertCredential(tx, stored))) throw fault('credential_key_in_use')
    if (kind === 'bound-key' && secret !== null)
      await insertBoundKey(tx, {
        credential: stored.id,
        joinHash: hashSecret(secret),
        joinUntil: new Date(Math.min(now.getTime() + JOIN_MS, expiresAt.getTime())),
      })
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
        ...(stored.jwksUri === null ? [] : [{ field: 'jwksUri', before: null, after: stored.jwksUri }]),
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

const JOIN_MS = 3_600_000

const nameText = ({ type, value }: CertificateName): string => `${type} ${value}`

// Looked at now, so that whoever adds it learns what is wrong, and not the client when it comes. It is of no team yet: who
// only asks pushes out what others asked for.
const NOBODYS = 'not added'
const needKeys = async ({ clientKeys }: Pick<BrokerPorts, 'clientKeys'>, jwksUri: string): Promise<void> => {
  const found = await clientKeys.findInSet(jwksUri, undefined, NOBODYS)
  if (typeof found === 'string') throw fault('credential_keys_unreachable', { about: found })
  if (found.length === 0) throw fault('credential_keys_unreachable', { about: 'it shows no key that may be used' })
}
