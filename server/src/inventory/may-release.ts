import type { Caller } from '../kit/operation.ts'
import { fault } from './faults.ts'

/** Refuses a release by anybody but who placed the quarantine, and an approver or admin of everything. */
export const mustBeReleasable = (placedBy: string | null, { actor, roles }: Caller): void => {
  if (placedBy !== null && placedBy === actor.id) return
  if (roles.some(({ role, team }) => team === null && (role === 'approver' || role === 'admin'))) return
  throw fault('release_not_yours')
}
