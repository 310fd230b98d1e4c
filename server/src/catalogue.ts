import { brokerFaults, brokerOperations } from './broker/index.ts'
import { inventoryFaults, inventoryOperations } from './inventory/index.ts'
import { coreFaults, type FaultSpec } from './kit/fault.ts'
import type { Operation, Unplugged } from './kit/operation.ts'
import { lifecycleFaults, lifecycleOperations } from './lifecycle/index.ts'
import { observeFaults, observeOperations } from './observe/index.ts'
import { policyFaults, policyOperations } from './policy/index.ts'

/** Every code that a caller can get, with its kind, sentence and next step. */
export const everyFault: Readonly<Record<string, FaultSpec>> = {
  ...coreFaults,
  ...inventoryFaults,
  ...brokerFaults,
  ...policyFaults,
  ...observeFaults,
  ...lifecycleFaults,
}

/** Every operation, for what is derived from names and schemas; ports are needed only to run one. */
export const everyOperation = (): readonly Operation[] => [
  ...unplugged(inventoryOperations),
  ...unplugged(brokerOperations),
  ...unplugged(policyOperations),
  ...unplugged(observeOperations),
  ...unplugged(lifecycleOperations),
]

const unplugged = <Ports>(operations: readonly Unplugged<Ports>[]): readonly Operation[] =>
  operations.map((operation) => operation(NO_PORTS))

// Never called through: an operation that ran with these would fail at its first port.
const NO_PORTS = undefined as never
