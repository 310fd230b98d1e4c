import type { Changes } from '../../kit/changes.ts'
import type { AnyTx } from '../../kit/database.ts'
import { DEPLOYMENT, type Subject } from '../../kit/operation.ts'
import type { Random } from '../../kit/random.ts'
import { appendEvents } from '../../ledger/append.ts'
import type { EventDraft } from '../../ledger/event.ts'
import { ownAct } from '../../ledger/own-act.ts'
import type { ReportOnly } from '../domain/policy-set.ts'
import type { PolicyPorts } from '../room.ts'
import { overdueModes, removeMode } from '../store-mode.ts'
import { findResource } from '../store-resource.ts'
import { identitySubject, resourceSubject } from '../views.ts'

/** Enforces what was to be report-only until now, with the record of it; answers how many that were. */
export const endOverdueModes = async (
  tx: AnyTx,
  given: { readonly changes: Pick<Changes, 'signal'>; readonly random: Random; readonly ports: PolicyPorts },
  now: Date,
): Promise<number> => {
  const ended: ReportOnly[] = []
  for (const { kind, target } of await overdueModes(tx, now)) {
    const was = await removeMode(tx, kind, target)
    if (was !== undefined) ended.push(was)
  }
  if (ended.length === 0) return 0
  const { changes, random, ports } = given
  const requestId = random.id('req')
  const drafts: EventDraft[] = []
  for (const mode of ended) drafts.push(await draftOf(tx, ports, mode, requestId))
  await appendEvents(tx, drafts, { random, now })
  await changes.signal(tx, [{ topic: 'policy', key: '*' }])
  return ended.length
}

const draftOf = async (tx: AnyTx, ports: PolicyPorts, mode: ReportOnly, requestId: string): Promise<EventDraft> => {
  const { kind, target, expiresAt } = mode
  const change = [{ field: `mode of ${kind} ${target}`, before: 'report-only', after: 'enforced' }]
  const on = await subjectOf(tx, ports, mode)
  return ownAct({ kind: 'policy.mode.expire', on, change, evidence: { expiresAt: expiresAt.toISOString() } }, requestId)
}

/** Whose it was: the team is told by the log that its identity or resource is held to the rules again. */
const subjectOf = async (tx: AnyTx, ports: PolicyPorts, { kind, target }: ReportOnly): Promise<Subject> => {
  const identity = kind === 'identity' ? await ports.identities.find(tx, target) : undefined
  const resource = kind === 'resource' ? await findResource(tx, target) : undefined
  if (identity !== undefined) return identitySubject(identity)
  return resource === undefined ? DEPLOYMENT : resourceSubject(resource)
}
