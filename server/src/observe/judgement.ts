import type { Changes } from '../kit/changes.ts'
import type { AnyDb, AnyTx } from '../kit/database.ts'
import type { Random } from '../kit/random.ts'
import { appendEvents } from '../ledger/append.ts'
import { JUDGED_SOURCE } from './domain/finding.ts'
import { findingEvent } from './finding-event.ts'
import { riskSignals } from './open-risk.ts'
import {
  closeUnseen,
  findingId,
  knownElsewhere,
  knownFindings,
  reportFindings,
  type SeenFinding,
} from './store-finding.ts'

/**
 * Makes the port by which the register is judged: a run reports all that its rules find, page by page, and at its end
 * what it did not find closes. What opens, changes or closes is an event.
 */
export const createJudgement = (given: {
  /** Whose each of these identities is, by id. */
  owners(db: AnyDb, identityIds: readonly string[]): Promise<ReadonlyMap<string, string>>
  readonly random: Random
  readonly changes: Pick<Changes, 'signal'>
}) => ({
  judged: async (tx: AnyTx, findings: readonly SeenFinding[], now: Date): Promise<void> => {
    const { owners, random, changes } = given
    const once = new Map(findings.map((finding) => [finding.fingerprint, finding]))
    // What a scan has reported itself is one finding, and that scan's.
    const elsewhere = await knownElsewhere(tx, JUDGED_SOURCE, [...once.keys()])
    const own = [...once.values()].filter(({ fingerprint }) => !elsewhere.has(fingerprint))
    if (own.length === 0) return
    const fingerprints = own.map(({ fingerprint }) => fingerprint)
    const before = await knownFindings(tx, JUDGED_SOURCE, fingerprints)
    const teams = await owners(tx, [...new Set(own.flatMap(({ identity }) => identity ?? []))])
    const teamOf = async (identity: string): Promise<string | null> => teams.get(identity) ?? null
    const concerned = await reportFindings(tx, own, now, { source: JUDGED_SOURCE, scannedAt: now, teamOf })
    const requestId = random.id('req')
    const events = own.flatMap((finding) => {
      const known = before.get(finding.fingerprint)
      const { identity, rule, fingerprint, severity } = finding
      const moved = {
        id: findingId(JUDGED_SOURCE, fingerprint),
        identity,
        rule,
        team: teams.get(identity ?? '') ?? null,
      }
      if (known === undefined || known.state === 'closed') {
        const state = { verb: 'open', before: known?.state ?? null, after: 'open', because: finding.title } as const
        return [findingEvent(moved, state, requestId)]
      }
      if (known.severity === severity) return []
      const change = { verb: 'change', field: 'severity', before: known.severity, after: severity } as const
      return [findingEvent(moved, { ...change, because: finding.title }, requestId)]
    })
    await appendEvents(tx, events, { random, now })
    if (events.length > 0) await changes.signal(tx, riskSignals(concerned))
  },
  closeUnjudged: async (tx: AnyTx, now: Date): Promise<void> => {
    const { random, changes } = given
    const closed = await closeUnseen(tx, JUDGED_SOURCE, now, now)
    const requestId = random.id('req')
    const because = 'the rules no longer find it'
    const events = closed.map((finding) =>
      findingEvent(finding, { verb: 'close', before: 'open', after: 'closed', because }, requestId),
    )
    await appendEvents(tx, events, { random, now })
    await changes.signal(tx, riskSignals(closed.map(({ identity }) => identity)))
  },
})
