import type { AnyTx } from '../../kit/database.ts'
import { makeApiKey, makeClientSecret, makeJoinSecret, makeWebhookSecret } from '../client-secret.ts'
import { rulesOfKind } from '../domain/credential-kind.ts'
import type { KeyLimits } from '../domain/key-limits.ts'
import { judgeProof, type ProofVerdict } from '../domain/proof-table.ts'
import { fault } from '../faults.ts'
import type { BrokerPorts, Subject } from '../room.ts'
import { chooseExpiry } from './choose-expiry.ts'
import type { AddedKind } from './credential-view.ts'

/** A credential that is to be: what the rules of its identity are asked about. */
export interface Wanted {
  readonly kind: AddedKind
  readonly limits: KeyLimits | undefined
  readonly expiresAt?: string | undefined
  /** Of a certificate: nothing is proven by it after its end. */
  readonly certificateEndsAt?: Date | undefined
}

/** That it may be, until when, and by which exception. */
export interface Admitted {
  readonly verdict: ProofVerdict
  readonly exception: string | null
  readonly expiresAt: Date
}

/** Asks the rules of an identity whether it may have this credential now; throws a fault when it may not. */
export const admitCredential = async (
  ports: BrokerPorts,
  tx: AnyTx,
  { subject, wanted, now }: { readonly subject: Subject; readonly wanted: Wanted; readonly now: Date },
): Promise<Admitted> => {
  const verdict = judge(ports, subject, wanted)
  const exception = await needException(ports, tx, { subject, kind: wanted.kind, verdict, now })
  const { certificateEndsAt } = wanted
  const expiresAt = chooseExpiry(wanted, { tiers: ports.tiers, subject, exception, now, certificateEndsAt })
  return { verdict, exception: exception?.id ?? null, expiresAt }
}

/** The secret of a new credential of this kind; null where it has none. */
export const makeSecret = (
  kind: AddedKind,
  environment: string,
  { random }: Pick<BrokerPorts, 'random'>,
): string | null => {
  if (kind === 'bound-key') return makeJoinSecret(environment, random)
  if (kind === 'api-key') return makeApiKey(environment, random)
  if (kind === 'webhook-secret') return makeWebhookSecret(random)
  return kind === 'client-secret' ? makeClientSecret(environment, random) : null
}

const judge = ({ tiers }: Pick<BrokerPorts, 'tiers'>, subject: Subject, { kind, limits }: Wanted): ProofVerdict => {
  const verdict = judgeProof(subject, kind)
  const isForbidden = rulesOfKind(kind).isStatic && tiers[subject.tier].staticCredentialDaysMax === 0
  // The table allows a key that is bound to a network; one that works from everywhere is what it is to replace.
  const isUnbound = kind === 'api-key' && (limits?.networks ?? []).length === 0
  return isForbidden || isUnbound ? 'refused' : verdict
}

const needException = async (
  ports: BrokerPorts,
  tx: AnyTx,
  given: {
    readonly subject: Subject
    readonly kind: AddedKind
    readonly verdict: ProofVerdict
    readonly now: Date
  },
): Promise<{ readonly id: string; readonly expiresAt: Date } | undefined> => {
  const { subject, kind, verdict, now } = given
  if (verdict !== 'refused') return undefined
  const found = await ports.exceptions.find(tx, `credential.${kind}`, subject.id, now)
  if (found === undefined)
    throw fault('credential_kind_refused', { about: `${kind} for a ${subject.kind} of tier ${subject.tier}` })
  return found
}
