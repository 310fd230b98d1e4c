import { z } from 'zod'
import { policyFault } from '../faults.ts'
import { needResource } from '../need.ts'
import { putResource } from '../put-resource.ts'
import { assertValid } from '../put-texts.ts'
import { operation } from '../room.ts'
import { ApprovalId, Reference, ResourceView, resourceFields } from '../shapes.ts'
import { resourceSubject, resourceView } from '../views.ts'

const { name, uri, environment, sensitivity, actions, tokenAlgorithm, servedBy, owner } = resourceFields

/** Changes what is said of a resource; who holds grants on it is graded anew. */
export const changeResource = operation.write({
  name: 'policy.resource.change',
  summary: 'change a resource; what makes it less guarded needs an approval',
  input: z.strictObject({
    resource: Reference,
    name: name.optional(),
    uri: uri.optional(),
    environment: environment.optional(),
    sensitivity: sensitivity.optional(),
    isCustomerFacing: z.boolean().optional(),
    actions: actions.optional(),
    tokenAlgorithm: tokenAlgorithm.unwrap().optional(),
    servedBy: servedBy.unwrap().optional(),
    owner,
    approval: ApprovalId,
  }),
  output: ResourceView,
  faults: [
    'resource_not_found',
    'resource_exists',
    'resource_uri',
    'resource_action',
    'grant_identity',
    'owner_not_found',
    'policy_invalid',
  ],
  // A policy that speaks of an action must not lose it; compiling takes its time, so it is done before BEGIN.
  prepare: async ({ input, ports }) => {
    const { memory } = ports
    const before = memory.resource(input.resource)
    if (before === undefined || input.actions === undefined) return
    const others = memory.base().stored.resources.filter(({ id }) => id !== before.id)
    const resources = [...others, { ...before, actions: input.actions }]
    const [collision] = memory.checkNames(resources)
    if (collision !== undefined) throw policyFault('resource_action', { about: collision.message })
    assertValid(memory.check({ resources }))
  },
  on: async ({ tx, input }) => resourceSubject(await needResource(tx, input.resource)),
  run: async ({ tx, input, ports, now, caller }) => {
    const { resource: named, approval: given, ...wanted } = input
    const before = await needResource(tx, named)
    const { id: _, owner: team, ...view } = resourceView(before)
    const whole = { ...view, ...(team === null ? {} : { owner: team }), ...withoutUndefined(wanted) }
    const approve = async (_reason: string, team: string | null): Promise<string> => {
      // The input may name another owner: it is the owner until now whose word counts, or security's alone.
      const spend = { approval: given, operation: 'policy.resource.change', input, team: team ?? '', now }
      return (await ports.approvals.spend(tx, { ...spend, requester: caller.actor.id })).id
    }
    const done = await putResource(tx, ports, before, whole, { now, id: before.id, approve })
    const { resource, change, signals, approval } = done
    const output = resourceView(resource)
    return { output, on: resourceSubject(resource), change, signals, ...(approval === undefined ? {} : { approval }) }
  },
})

type Defined<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }

// What was not said stays; zod writes it as undefined.
const withoutUndefined = <Fields extends object>(fields: Fields): Defined<Fields> => {
  const defined: Defined<Fields> = {}
  for (const name of Object.keys(fields))
    if (Reflect.get(fields, name) !== undefined) Reflect.set(defined, name, Reflect.get(fields, name))
  return defined
}
