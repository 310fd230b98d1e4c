import type { AnyTx } from '../kit/database.ts'
import { ISOLATION, isIsolated, isolationSubject } from './domain/isolation.ts'
import type { Resource } from './domain/resource.ts'
import { policyFault } from './faults.ts'
import type { PolicyIdentity, PolicyPorts } from './room.ts'

/** Refuses what would cross environments without a live exception; gives the exceptions that allow it. */
export const assertSameEnvironment = async (
  tx: AnyTx,
  ports: PolicyPorts,
  identity: PolicyIdentity,
  resources: readonly Resource[],
  now: Date,
): Promise<readonly string[]> => {
  const exceptions: string[] = []
  for (const resource of resources) {
    if (identity.environment === resource.environment) continue
    const subject = isolationSubject(identity.id, resource.id)
    const exception = await ports.exceptions.find(tx, ISOLATION, subject, now)
    if (isIsolated(identity.environment, resource.environment, exception, now))
      throw policyFault('environment_isolated', {
        about: `${identity.name} is of ${identity.environment}, ${resource.name} of ${resource.environment}; the subject of an exception is ${subject}`,
      })
    if (exception !== undefined) exceptions.push(exception.id)
  }
  return exceptions
}
