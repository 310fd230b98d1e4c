import { z } from 'zod'
import type { AnyTx } from '../../kit/database.ts'
import { coreFault } from '../../kit/fault.ts'
import { Line, Moment } from '../../kit/text.ts'
import { hashSecret, makeClientSecret } from '../client-secret.ts'
import { latestExpiry } from '../domain/credential-life.ts'
import { judgeProof, type ProofVerdict, preferredProofs } from '../domain/proof-table.ts'
import { fault } from '../faults.ts'
import { type PublicKey, readPublicKey } from '../public-key.ts'
import { type BrokerPorts, operation, type ReportedFinding, type Subject } from '../room.ts'
import { type Credential, insertCredential } from '../store-credential.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { CredentialKind, CredentialView, viewCredential } from './credential-view.ts'

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
    kind: CredentialKind,
    /** What people call it, such as the place where it is used. */
    name: Line(100).optional(),
    /** The public part of a key pair, as a JWK. */
    publicKey: Jwk.optional(),
    /** Left out: as late as the tier of the identity allows. */
    expiresAt: Moment.optional(),
  }),
  output: z.object({
    credential: CredentialView,
    /** The client secret; null for a public key. */
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
  ],
  prepare: async ({ input }) => readKeyOf(input),
  on: async ({ input, ports, tx }) => aboutIdentity(await needIdentity(ports, tx, input.identity)),
  run: async ({ input, caller, now, newId, ports, tx, prepared }) => {
    const subject = await needIdentity(ports, tx, input.identity)
    if (subject.state !== 'active') throw fault('identity_not_active', { about: `it is ${subject.state}` })
    const verdict = judgeProof(subject, input.kind)
    const exception = await needException(ports, tx, subject, input.kind, verdict, now)
    const expiresAt = chooseExpiry(input, { ports, subject, exception, now })
    const secret = prepared === undefined ? makeClientSecret(subject.environment, ports.random) : null
    const credential = build({ id: newId('crd'), input, subject, key: prepared, secret })
    const stored = {
      ...credential,
      expiresAt: expiresAt.getTime(),
      createdAt: now.getTime(),
      createdBy: caller.actor.id,
      stateAt: now.getTime(),
      stateBy: caller.actor.id,
      exception: exception?.id ?? null,
    }
    if (!(await insertCredential(tx, stored))) throw fault('credential_key_in_use')
    if (verdict !== 'preferred') await ports.findings.report(tx, [findingOf(stored, subject, verdict, expiresAt)], now)
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
  readonly kind: 'public-key' | 'client-secret'
  readonly name?: string | undefined
  readonly publicKey?: Readonly<Record<string, unknown>> | undefined
  readonly expiresAt?: string | undefined
}

const readKeyOf = (input: Asked): PublicKey | undefined => {
  if ((input.kind === 'public-key') !== (input.publicKey !== undefined)) throw fault('credential_key_missing')
  return input.publicKey === undefined ? undefined : readPublicKey(input.publicKey)
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

const chooseExpiry = (
  input: Asked,
  given: {
    readonly ports: BrokerPorts
    readonly subject: Subject
    readonly exception: Exception | undefined
    readonly now: Date
  },
): Date => {
  const latest = latestExpiry({
    kind: input.kind,
    rules: given.ports.tiers[given.subject.tier],
    now: given.now,
    identityExpiresAt: given.subject.expiresAt,
    exceptionExpiresAt: given.exception?.expiresAt,
  })
  const asked = input.expiresAt === undefined ? latest : new Date(input.expiresAt)
  if (asked <= given.now)
    throw coreFault('invalid_input', { places: [{ pointer: '/expiresAt', detail: 'this time has passed' }] })
  if (asked > latest) throw fault('credential_life_too_long', { about: `at most until ${latest.toISOString()}` })
  return asked
}

const build = (given: {
  readonly id: string
  readonly input: Asked
  readonly subject: Subject
  readonly key: PublicKey | undefined
  readonly secret: string | null
}): Omit<Credential, 'expiresAt' | 'createdAt' | 'createdBy' | 'stateAt' | 'stateBy' | 'exception'> => ({
  id: given.id,
  identity: given.subject.id,
  kind: given.input.kind,
  name: given.input.name ?? '',
  state: 'active',
  algorithm: given.key?.algorithm ?? null,
  keyId: given.key?.keyId ?? null,
  thumbprint: given.key?.thumbprint ?? null,
  publicJwk: given.key?.jwk ?? null,
  secretHash: given.secret === null ? null : hashSecret(given.secret),
  lastUsedAt: null,
  stateReason: null,
  team: given.subject.owner.id,
})

const findingOf = (
  credential: Credential,
  subject: Subject,
  verdict: 'allowed' | 'refused',
  expiresAt: Date,
): ReportedFinding => {
  const isStatic = credential.kind === 'client-secret'
  const better = preferredProofs(subject.kind).join(' or ')
  return {
    fingerprint: `broker.credential.proof/${credential.id}`,
    rule: 'credential-not-preferred',
    severity: SEVERITY[verdict === 'refused' ? 'refused' : credential.kind],
    confidence: 'high',
    // OWASP NHI Top 10 2025: insecure authentication, long-lived secrets.
    owasp: isStatic ? 'NHI7' : 'NHI4',
    title: `${subject.name} proves itself with a ${credential.kind}`,
    why: isStatic
      ? 'a static secret works for whoever holds it, from anywhere, until it ends'
      : 'a key pair must be kept, moved and rotated by somebody; what the platform vouches for need not be',
    fix: better === '' ? 'put it behind the exchange layer' : `use ${better} and revoke this credential`,
    identity: subject.id,
    where: null,
    evidence: { credential: credential.id, kind: credential.kind, verdict, expiresAt: expiresAt.toISOString() },
  }
}

const SEVERITY = { refused: 'high', 'client-secret': 'medium', 'public-key': 'low' } as const
