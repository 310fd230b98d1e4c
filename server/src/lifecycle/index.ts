import type { Unplugged } from '../kit/operation.ts'
import { approveApproval } from './operations/approve-approval.ts'
import { approveDevice } from './operations/approve-device.ts'
import { changePerson } from './operations/change-person.ts'
import { createException } from './operations/create-exception.ts'
import { createSession } from './operations/create-session.ts'
import { endException } from './operations/end-exception.ts'
import { endSession } from './operations/end-session.ts'
import { enrolPerson } from './operations/enrol-person.ts'
import { finishDevice } from './operations/finish-device.ts'
import { invitePerson } from './operations/invite-person.ts'
import { listApproval } from './operations/list-approval.ts'
import { listException } from './operations/list-exception.ts'
import { listPerson } from './operations/list-person.ts'
import { listSession } from './operations/list-session.ts'
import { refuseApproval } from './operations/refuse-approval.ts'
import { refuseDevice } from './operations/refuse-device.ts'
import { removePerson } from './operations/remove-person.ts'
import { requestApproval } from './operations/request-approval.ts'
import { showApproval } from './operations/show-approval.ts'
import { showDevice } from './operations/show-device.ts'
import { showPerson } from './operations/show-person.ts'
import { startDevice } from './operations/start-device.ts'
import type { LifecyclePorts } from './room.ts'

export { firstAdminCode, newAdminCode } from './admin-code.ts'
export { type Approvals, createApprovals } from './approvals.ts'
export { LOGIN_CLIENT } from './device-shape.ts'
export { lifecycleFaults } from './faults.ts'
export { forgetOver } from './jobs/forget-over.ts'
export { pollLogin } from './poll-login.ts'
export type { LifecyclePorts } from './room.ts'
export {
  authenticateSession,
  createSessionGate,
  type SessionCaller,
  type SessionGate,
} from './session-gate.ts'
export { exceptionsInForce, findException, giveExceptions } from './store-exception.ts'
export { isFourEyes } from './store-four-eyes.ts'
export { deciders } from './store-person.ts'
export { aboutApproval, whyApproval } from './why-approval.ts'

/** The operations of this room, waiting for its ports. */
export const lifecycleOperations: readonly Unplugged<LifecyclePorts>[] = [
  enrolPerson,
  invitePerson,
  listPerson,
  showPerson,
  changePerson,
  removePerson,
  createSession,
  listSession,
  endSession,
  startDevice,
  showDevice,
  approveDevice,
  refuseDevice,
  finishDevice,
  requestApproval,
  approveApproval,
  refuseApproval,
  listApproval,
  showApproval,
  createException,
  listException,
  endException,
]
