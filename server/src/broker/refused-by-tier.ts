import type { AnyDb } from '../kit/database.ts'
import { endsUnder } from './domain/credential-life.ts'
import type { Prover } from './domain/proof-table.ts'
import { tierRefusal } from './domain/tier-refusal.ts'
import type { BrokerPorts } from './room.ts'
import { type Credential, credentialsOf, WORKING_MAX } from './store-credential.ts'

/** What an identity has and its tier of now does not allow, in sentences: credentials that it refuses or ends sooner. */
export const refusedByTier = async (
  { subjects, tiers }: Pick<BrokerPorts, 'subjects' | 'tiers'>,
  db: AnyDb,
  identityId: string,
  now: Date,
): Promise<readonly string[]> => {
  const subject = await subjects.find(db, identityId)
  if (subject === undefined) return []
  const credentials = await credentialsOf(db, identityId, WORKING_MAX)
  const working = credentials.filter(({ state, expiresAt }) => state === 'active' && expiresAt > now.getTime())
  return refusedOf(subject, working, tiers, now)
}

/** The same of credentials that work and are at hand. */
export const refusedOf = (
  subject: Prover,
  credentials: readonly Credential[],
  tiers: BrokerPorts['tiers'],
  now: Date,
): readonly string[] => {
  const { tier } = subject
  const rules = tiers[tier]
  const nowMs = now.getTime()
  return credentials.flatMap((credential) => {
    const living = livingOf(credential)
    const end = endsUnder(living, rules)
    const named = `credential ${credential.id} (${credential.kind})`
    if (tierRefusal(subject, living, { rules, nowMs }) !== undefined) return [`${named} is refused at ${tier} tier`]
    if (end >= credential.expiresAt) return []
    const [sooner, later] = [end, credential.expiresAt].map((ms) => new Date(ms).toISOString())
    return [`${named} ends at ${sooner} instead of ${later}`]
  })
}

const livingOf = ({ kind, createdAt, expiresAt, exception }: Credential) => ({
  kind,
  createdAtMs: createdAt,
  expiresAtMs: expiresAt,
  isByException: exception !== null,
})
