import type { AnyTx } from '../kit/database.ts'
import type { MatrixLine } from './domain/bundle.ts'
import { WILDCARD } from './domain/reach.ts'
import { policyFault } from './faults.ts'
import { findResource } from './store-resource.ts'

/** A line with its resource found by any of its names; every action that it names must be the resource's. */
export const resolveLine = async (tx: AnyTx, line: MatrixLine): Promise<MatrixLine> => {
  const resource = await findResource(tx, line.resource)
  if (resource === undefined) throw policyFault('resource_not_found', { about: line.resource })
  const known = new Set(resource.actions.map(({ name }) => name))
  const unknown = line.actions.find((action) => action !== WILDCARD && !known.has(action))
  if (unknown !== undefined) throw policyFault('grant_terms', { about: `${resource.name} has no action ${unknown}` })
  return { resource: resource.id, actions: [...new Set(line.actions)].sort() }
}
