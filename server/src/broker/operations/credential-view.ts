import { z } from 'zod'
import { Line } from '../../kit/text.ts'
import { ADDED_KINDS, CREDENTIAL_KINDS } from '../domain/credential-kind.ts'
import { CREDENTIAL_STATES, type CredentialVerb, nextState } from '../domain/credential-state.ts'
import type { KeyLimits } from '../domain/key-limits.ts'
import { isRotatable } from '../domain/rotation.ts'
import type { Credential } from '../store-credential.ts'
import type { Rotation } from '../store-rotation.ts'
import { CertificateNameView } from './certificate-input.ts'
import { KeyLimitsView } from './key-limits-input.ts'
import { RotationView, viewRotation } from './rotation-view.ts'

/** The kinds of credential that `broker.credential.add` adds; a federation is added by `broker.trust.add`. */
export const AddedKind = z.enum(ADDED_KINDS)
export type AddedKind = z.infer<typeof AddedKind>

/** Every kind of credential. */
export const CredentialKind = z.enum(CREDENTIAL_KINDS)

/** The states of a credential that a list is narrowed to. */
export const CredentialStateInput = z.enum(CREDENTIAL_STATES)

/** The id of a credential as input. */
export const CredentialId = z.string().min(5).max(64)

/** Why something is stopped or released, in the caller's words. */
export const ReasonText = Line(500)

/** A credential as callers see it: never a secret, nor the digest of one. */
export const CredentialView = z.object({
  id: z.string(),
  identity: z.string(),
  kind: CredentialKind,
  name: z.string(),
  state: z.enum([...CREDENTIAL_STATES, 'expired']),
  algorithm: z.string().nullable(),
  keyId: z.string().nullable(),
  /** Of its key, or of its certificate (kind self-signed-tls). */
  thumbprint: z.string().nullable(),
  /** The address of the key set whose keys it goes by, in place of a key. */
  jwksUri: z.string().nullable(),
  createdAt: z.string(),
  createdBy: z.string().nullable(),
  expiresAt: z.string(),
  lastUsedAt: z.string().nullable(),
  exception: z.string().nullable(),
  /** What an API key, or a secret that signs webhooks, is limited to; null for every other kind. */
  limits: KeyLimitsView.nullable(),
  /** Of kind tls-client-auth: the name that its certificates bear; null for every other kind. */
  certificateName: CertificateNameView.nullable(),
  stateAt: z.string(),
  stateBy: z.string().nullable(),
  stateReason: z.string().nullable(),
  /** The rotation in which it is the old one or the new one: the one that runs, else the last one. */
  rotation: RotationView.nullable(),
  /** While it is rotated: when the two stop working side by side, at the latest. */
  overlapEndsAt: z.string().nullable(),
  /** What may be done with it in this state. */
  actions: z.array(z.enum(['quarantine', 'release', 'revoke', 'rotate', 'rollback'])),
})

/** A stored credential as callers see it at this time, with the rotations that it is part of, newest first. */
export const viewCredential = (
  credential: Credential,
  now: Date,
  rotations: readonly Rotation[] = [],
): z.infer<typeof CredentialView> => {
  const ours = rotations.filter(({ predecessor, successor }) => [predecessor, successor].includes(credential.id))
  const running = ours.find(({ state }) => state === 'overlap')
  const rotation = running ?? ours[0]
  return {
    ...viewAlone(credential, now),
    rotation: rotation === undefined ? null : viewRotation(rotation),
    overlapEndsAt: running === undefined ? null : iso(running.deadline),
    actions: [
      ...VERBS.filter((verb) => nextState(credential.state, verb) !== undefined),
      ...rotationActions(credential, now, running !== undefined),
    ],
  }
}

const rotationActions = ({ state, kind, expiresAt }: Credential, now: Date, isRunning: boolean) => {
  if (isRunning) return ['rollback'] as const
  const mayRotate = state === 'active' && isRotatable(kind) && expiresAt > now.getTime()
  return mayRotate ? (['rotate'] as const) : []
}

type ViewAlone = Omit<z.infer<typeof CredentialView>, 'rotation' | 'overlapEndsAt' | 'actions'>

const viewAlone = (credential: Credential, now: Date): ViewAlone => ({
  id: credential.id,
  identity: credential.identity,
  kind: credential.kind,
  name: credential.name,
  state: credential.state === 'active' && credential.expiresAt <= now.getTime() ? 'expired' : credential.state,
  algorithm: credential.algorithm,
  keyId: credential.keyId,
  // What makes the name of a certificate unique says nothing to anybody.
  thumbprint: credential.certificateName === null ? credential.thumbprint : null,
  jwksUri: credential.jwksUri,
  createdAt: iso(credential.createdAt),
  createdBy: credential.createdBy,
  expiresAt: iso(credential.expiresAt),
  lastUsedAt: credential.lastUsedAt === null ? null : iso(credential.lastUsedAt),
  exception: credential.exception,
  limits: credential.limits === null ? null : { ...credential.limits, ...listsOf(credential.limits) },
  certificateName: credential.certificateName,
  stateAt: iso(credential.stateAt),
  stateBy: credential.stateBy,
  stateReason: credential.stateReason,
})

const listsOf = ({ actions, networks }: KeyLimits) => ({ actions: [...actions], networks: [...networks] })

const VERBS: readonly CredentialVerb[] = ['quarantine', 'release', 'revoke']
const iso = (ms: number): string => new Date(ms).toISOString()
