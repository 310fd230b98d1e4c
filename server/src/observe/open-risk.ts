import type { AnyDb } from '../kit/database.ts'
import { SEVERITIES, type Severity } from './domain/finding.ts'
import { worstOpen } from './store-finding.ts'

const RISK_OF: Readonly<Record<Severity, number>> = { critical: 100, high: 75, medium: 50, low: 25 }

/** What is open against an identity, from 0 (nothing) to 100 (a critical finding): the worst counts, accepted ones do not. */
export const openRisk = async (db: AnyDb, identityId: string): Promise<number> => {
  const severity = SEVERITIES[(await worstOpen(db, identityId)) ?? -1]
  return severity === undefined ? 0 : RISK_OF[severity]
}

/** Whoever holds what is open against these identities looks again. */
export const riskSignals = (identities: readonly (string | null)[]) =>
  [...new Set(identities.flatMap((id) => id ?? []))].map((key) => ({ topic: 'finding', key }))
