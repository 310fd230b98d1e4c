import type { Needed } from '../../settings.ts'
import { policyFault } from '../faults.ts'
import { putResource } from '../put-resource.ts'
import { operation } from '../room.ts'
import { ResourceInput, ResourceView } from '../shapes.ts'
import { resourceSubject, resourceView } from '../views.ts'

/** Registers a resource: what tokens are for, and what grants are about. */
export const createResource = operation.write({
  name: 'policy.resource.create',
  summary: 'register a resource: its uri, environment, sensitivity and actions',
  input: ResourceInput,
  output: ResourceView,
  faults: ['resource_exists', 'resource_uri', 'resource_action', 'grant_identity', 'owner_not_found'],
  prepare: async ({ input, ports }) => {
    const { base, checkNames } = ports.memory
    const { name, uri } = input
    const declared = { ...input, id: 'res_new', servedBy: [], owner: null, algorithm: input.tokenAlgorithm }
    const others = base().stored.resources.filter((resource) => resource.name !== name && resource.uri !== uri)
    const [problem] = checkNames([...others, declared])
    if (problem !== undefined) throw policyFault('resource_action', { about: problem.message })
  },
  on: ({ input, ports }) => ({
    type: 'Resource',
    id: null,
    name: input.name,
    environment: ports.environments.normal(input.environment),
    team: null,
  }),
  run: async ({ tx, input, ports, now, newId }) => {
    const given = { now, id: newId('res'), need: neverNeeded }
    const { resource, change, signals } = await putResource(tx, ports, undefined, input, given)
    return { output: resourceView(resource), on: resourceSubject(resource), change, signals }
  },
})

// What is new cannot be loosened.
const neverNeeded = ({ why }: Needed): void => {
  throw new Error(`a new resource asked for an approval: ${why.join('; ')}`)
}
