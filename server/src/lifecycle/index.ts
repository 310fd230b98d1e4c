import type { Unplugged } from '../kit/operation.ts'
import type { LifecyclePorts } from './room.ts'

export { firstAdminCode, newAdminCode } from './admin-code.ts'
export type { LifecyclePorts } from './room.ts'
export {
  authenticateSession,
  createSessionGate,
  isSessionToken,
  type SessionCaller,
  type SessionGate,
} from './session-gate.ts'
export { type Spend, spendApproval } from './spend-approval.ts'
export { findException } from './store-exception.ts'

/** The operations of this room, waiting for its ports. */
export const lifecycleOperations: readonly Unplugged<LifecyclePorts>[] = []
