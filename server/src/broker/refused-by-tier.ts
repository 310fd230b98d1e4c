import type { AnyDb } from '../kit/database.ts'
import { endsUnder } from './domain/credential-life.ts'
import { tierRefusal } from './domain/tier-refusal.ts'
import type { BrokerPorts } from './room.ts'
import { type Credential, credentialsOf } from './store-credential.ts'

const CREDENTIALS_MAX = 100

/** What an identity has and its tier of now does not allow, in sentences: credentials that it refuses or ends sooner. */
export const refusedByTier = async (
  { subjects, tiers }: Pick<BrokerPorts, 'subjects' | 'tiers'>,
  db: AnyDb,
  identityId: string,
  now: Date,
): Promise<readonly string[]> => {
  const subject = await subjects.find(db, identityId)
  if (subject === undefined) return []
  const { tier } = subject
  const rules = tiers[tier]
  const nowMs = now.getTime()
  const said: string[] = []
  for (const credential of await credentialsOf(db, identityId, CREDENTIALS_MAX)) {
    if (credential.state !== 'active' || credential.expiresAt <= nowMs) continue
    const living = livingOf(credential)
    const end = endsUnder(living, rules)
    const named = `credential ${credential.id} (${credential.kind})`
    if (tierRefusal(subject, living, { rules, nowMs }) !== undefined) said.push(`${named} is refused at ${tier} tier`)
    else if (end < credential.expiresAt)
      said.push(
        `${named} ends at ${new Date(end).toISOString()} instead of ${new Date(credential.expiresAt).toISOString()}`,
      )
  }
  return said
}

const livingOf = ({ kind, createdAt, expiresAt, exception }: Credential) => ({
  kind,
  createdAtMs: createdAt,
  expiresAtMs: expiresAt,
  isByException: exception !== null,
})
