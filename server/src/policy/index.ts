import type { Unplugged } from '../kit/operation.ts'
import type { PolicyPorts } from './room.ts'

export { createCallDecider } from './decide/decide-call.ts'
export { createTokenDecider } from './decide/decide-token.ts'
export { createDecisions, type Decisions } from './decisions.ts'
export { endGrants } from './endings.ts'
export { policyFaults } from './faults.ts'
export { createPolicyMemory, type MemoryGiven, type PolicyMemory } from './memory.ts'
export type { KnownOperation } from './operation-access.ts'
export { withOwnApi } from './own-api.ts'
export { grantsOf, rightsOf } from './rights.ts'

/** The operations of this room, waiting for its ports. */
export const policyOperations: readonly Unplugged<PolicyPorts>[] = []
