import type { AnyDb } from '../kit/database.ts'
import type { PolicyPorts } from './room.ts'
import { findGrant } from './store-grant.ts'
import { grantNames } from './store-names.ts'
import { grantView } from './views.ts'
import type { Reason } from './why-decision.ts'

/** Answers `why` for grants (`grt_…`): who gave it, with which approval, and when and why it ended or will end. */
export const whyGrant = async (
  { identities }: Pick<PolicyPorts, 'identities'>,
  db: AnyDb,
  id: string,
  now: Date,
): Promise<Reason | undefined> => {
  const grant = await findGrant(db, id)
  if (grant === undefined) return undefined
  const view = grantView(grant, await grantNames(db, [grant]))
  const what = view.bundle === null ? `${view.actions.join(', ')} on ${view.resource}` : `the bundle ${view.bundle}`
  const identity = await identities.find(db, grant.identity)
  const called = identity === undefined ? grant.identity : `${identity.name} (${identity.id})`
  const isOver = grant.expiresAt <= now
  const state = view.endedAt !== null ? 'has ended' : isOver ? 'is over' : 'is live'
  return {
    id,
    summary: `this grant of ${what} to ${called} ${state}`,
    because: [
      `it was given at ${view.createdAt} by ${view.createdBy ?? 'the server'}`,
      ...(view.approval === null ? [] : [`it was approved: ${view.approval}`]),
      ...(view.directory === null ? [] : [`the directory ${view.directory} declares it`]),
      view.endedAt === null ? `it ends at ${view.expiresAt}` : `it ended at ${view.endedAt}: ${view.endedReason}`,
    ],
    policies: [],
    missing: [],
    wouldAllow: null,
    next:
      view.endedAt === null ? 'end it sooner with `reeve grant revoke`' : 'give a new one with `reeve grant create`',
  }
}
