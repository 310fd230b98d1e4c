import type { Changes } from '../../kit/changes.ts'
import type { AnyTx } from '../../kit/database.ts'
import type { Random } from '../../kit/random.ts'
import { appendEvents } from '../../ledger/append.ts'
import type { EventDraft } from '../../ledger/event.ts'
import type { ReportOnly } from '../domain/policy-set.ts'
import { overdueModes, removeMode } from '../store-mode.ts'

/** Enforces what was to be report-only until now, with the record of it; answers how many that were. */
export const endOverdueModes = async (
  tx: AnyTx,
  { changes, random }: { readonly changes: Pick<Changes, 'signal'>; readonly random: Random },
  now: Date,
): Promise<number> => {
  const ended: ReportOnly[] = []
  for (const { kind, target } of await overdueModes(tx, now)) {
    const was = await removeMode(tx, kind, target)
    if (was !== undefined) ended.push(was)
  }
  if (ended.length === 0) return 0
  const drafts = ended.map((mode) => draftOf(mode, random))
  await appendEvents(tx, drafts, { random, now })
  await changes.signal(tx, [{ topic: 'policy', key: '*' }])
  return ended.length
}

const draftOf = ({ kind, target, expiresAt }: ReportOnly, random: Random): EventDraft => ({
  kind: 'policy.mode.expire',
  outcome: 'done',
  code: null,
  actor: { principalType: 'automation', id: 'policy.mode.expire', name: 'end of report-only' },
  instance: null,
  credential: null,
  token: null,
  workflow: null,
  on: null,
  change: [{ field: `mode of ${kind} ${target}`, before: 'report-only', after: 'enforced' }],
  decision: null,
  approval: null,
  evidence: { expiresAt: expiresAt.toISOString() },
  tags: {},
  source: { ip: null, region: null, userAgent: null },
  correlation: { requestId: random.id('job'), traceparent: null, cause: null },
})
