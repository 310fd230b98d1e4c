import type { Changes } from '../kit/changes.ts'
import type { AnyDb, AnyTx } from '../kit/database.ts'
import type { Random } from '../kit/random.ts'
import { appendEvents } from '../ledger/append.ts'
import type { EventDraft } from '../ledger/event.ts'
import { JUDGED_SOURCE } from './domain/finding.ts'
import { findingEvent } from './finding-event.ts'
import { createIdentityLookup } from './identity-lookup.ts'
import { riskSignals } from './open-risk.ts'
import type { ObservePorts } from './room.ts'
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
  readonly identities: ObservePorts['identities']
  readonly random: Random
  readonly changes: Pick<Changes, 'signal'>
}) => ({
  judged: async (tx: AnyTx, findings: readonly SeenFinding[], now: Date): Promise<void> => {
    const { owners, identities, random, changes } = given
    const once = new Map(findings.map((finding) => [finding.fingerprint, finding]))
    // What a scan has reported itself is one finding, and that scan's.
    const elsewhere = await knownElsewhere(tx, JUDGED_SOURCE, [...once.keys()])
    const own = [...once.values()].filter(({ fingerprint }) => !elsewhere.has(fingerprint))
    if (own.length === 0) return
    const fingerprints = own.map(({ fingerprint }) => fingerprint)
    const before = await knownFindings(tx, JUDGED_SOURCE, fingerprints)
    const teams = await owners(tx, [...new Set(own.flatMap(({ identity }) => identity ?? []))])
    const teamOf = async (identity: string): Promise<string | null> => teams.get(identity) ?? null
    const identityOf = createIdentityLookup(identities, tx)
    const concerned = await reportFindings(tx, own, now, { source: JUDGED_SOURCE, scannedAt: now, teamOf })
    const requestId = random.id('req')
    const events: EventDraft[] = []
    for (const finding of own) {
      const known = before.get(finding.fingerprint)
      const { rule, fingerprint, severity } = finding
      const isOpened = known === undefined || known.state === 'closed'
      if (!isOpened && known.severity === severity) continue
      const identity = await identityOf(finding.identity)
      const team = teams.get(finding.identity ?? '') ?? null
      const moved = { id: findingId(JUDGED_SOURCE, fingerprint), identity: finding.identity, rule, team }
      const move = isOpened
        ? ({ verb: 'open', before: known?.state ?? null, after: 'open' } as const)
        : ({ verb: 'change', field: 'severity', before: known.severity, after: severity } as const)
      events.push(findingEvent(moved, identity, { ...move, because: finding.title }, requestId))
    }
    await appendEvents(tx, events, { random, now })
    if (events.length > 0) await changes.signal(tx, riskSignals(concerned))
  },
  closeUnjudged: async (tx: AnyTx, now: Date): Promise<void> => {
    const { identities, random, changes } = given
    const closed = await closeUnseen(tx, JUDGED_SOURCE, now, now)
    const requestId = random.id('req')
    const because = 'the rules no longer find it'
    const identityOf = createIdentityLookup(identities, tx)
    const events: EventDraft[] = []
    for (const finding of closed) {
      const move = { verb: 'close', before: 'open', after: 'closed', because } as const
      events.push(findingEvent(finding, await identityOf(finding.identity), move, requestId))
    }
    await appendEvents(tx, events, { random, now })
    await changes.signal(tx, riskSignals(closed.map(({ identity }) => identity)))
  },
})
