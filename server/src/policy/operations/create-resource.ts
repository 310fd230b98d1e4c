import { createApproving } from '../approving.ts'
import { policyFault } from '../faults.ts'
import { createPermits } from '../permits-on.ts'
import { assertActionsAgree, putResource } from '../put-resource.ts'
import { operation } from '../room.ts'
import { ApprovalId, ResourceInput, ResourceView } from '../shapes.ts'
import { resourceSubject, resourceView } from '../views.ts'

/** Registers a resource: what tokens are for, and what grants are about. */
export const createResource = operation.write({
  name: 'policy.resource.create',
  summary: 'register a resource; where a policy already permits somebody what is grave on it, with an approval',
  input: ResourceInput.extend({ approval: ApprovalId }),
  output: ResourceView,
  faults: [
    'resource_exists',
    'resource_uri',
    'resource_action',
    'resource_detail_type',
    'grant_identity',
    'owner_not_found',
  ],
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
  run: async ({ tx, input, ports, now, newId, caller }) => {
    const { approval: given, ...declared } = input
    const requester = caller.actor.id
    const call = { approval: given, operation: 'policy.resource.create', input, requester, now, isDryRun: false }
    const approving = createApproving(tx, ports, call)
    const put = { now, id: newId('res'), need: approving.need, permits: createPermits(tx) }
    const { resource, change, signals } = await putResource(tx, ports, undefined, declared, put)
    await assertActionsAgree(tx)
    const approval = await approving.settle()
    return {
      output: resourceView(resource),
      on: resourceSubject(resource),
      change,
      signals,
      ...(approval === undefined ? {} : { approval }),
    }
  },
})
