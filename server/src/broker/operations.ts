import type { Unplugged } from '../kit/operation.ts'
import { advanceKeys } from './operations/advance-keys.ts'
import type { BrokerPorts } from './room.ts'

/** Every operation of the broker. */
export const brokerOperations: readonly Unplugged<BrokerPorts>[] = [advanceKeys]
