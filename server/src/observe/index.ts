import type { Unplugged } from '../kit/operation.ts'
import type { ObservePorts } from './room.ts'

export type { LastUsed, ObservePorts, Reason, ReportedFinding, UsePorts } from './room.ts'
export { reportFindings } from './store-finding.ts'
export { recentUse } from './store-use.ts'

/** The operations of this room, waiting for its ports. */
export const observeOperations: readonly Unplugged<ObservePorts>[] = []
