import { z } from 'zod'
import { createApproving } from '../approving.ts'
import { policyFault } from '../faults.ts'
import { needResource } from '../need.ts'
import { createPermits } from '../permits-on.ts'
import { assertActionsAgree, putResource } from '../put-resource.ts'
import { assertSetStands, assertValid } from '../put-texts.ts'
import { RegradedView, regradeChanges, regradedViews } from '../regrades.ts'
import { operation } from '../room.ts'
import { ApprovalId, Reference, ResourceView, resourceFields } from '../shapes.ts'
import { resourceSubject, resourceView } from '../views.ts'

const {
  name,
  uri,
  environment,
  sensitivity,
  actions,
  tokenAlgorithm,
  detailTypes,
  tagClaims,
  awsSessionTags,
  servedBy,
  owner,
} = resourceFields

/** Changes what is said of a resource; who holds grants on it is graded anew. */
export const changeResource = operation.write({
  name: 'policy.resource.change',
  summary: 'change a resource; what makes it less guarded, or raises a tier, needs an approval',
  input: z.strictObject({
    resource: Reference,
    name: name.optional(),
    uri: uri.optional(),
    environment: environment.optional(),
    sensitivity: sensitivity.optional(),
    isCustomerFacing: z.boolean().optional(),
    actions: actions.optional(),
    tokenAlgorithm: tokenAlgorithm.unwrap().optional(),
    statusList: z.boolean().optional(),
    isAuthorizationServer: z.boolean().optional(),
    detailTypes: detailTypes.unwrap().optional(),
    tagClaims: tagClaims.unwrap().optional(),
    awsSessionTags: awsSessionTags.unwrap().optional(),
    servedBy: servedBy.unwrap().optional(),
    owner,
    dryRun: z.boolean().default(false).describe('only say what would change, for whom, and what they would lose'),
    approval: ApprovalId,
  }),
  output: ResourceView.extend({
    dryRun: z.boolean(),
    needsApproval: z.array(z.string()),
    regraded: z.array(RegradedView).describe('whose tier changes by it'),
  }),
  faults: [
    'resource_not_found',
    'resource_exists',
    'resource_uri',
    'resource_action',
    'resource_detail_type',
    'grant_identity',
    'owner_not_found',
    'policy_invalid',
  ],
  // A policy that speaks of an action must not lose it; compiling takes its time, so it is done before BEGIN.
  prepare: async ({ input, ports }) => {
    const { memory } = ports
    const before = memory.resource(input.resource)
    if (before === undefined || !isOfPolicies(input)) return undefined
    const { stored } = memory.base()
    const others = stored.resources.filter(({ id }) => id !== before.id)
    const { actions = before.actions, detailTypes = before.detailTypes } = input
    const resources = [...others, { ...before, actions, detailTypes }]
    const [collision] = memory.checkNames(resources)
    if (collision !== undefined) throw policyFault('resource_action', { about: collision.message })
    const set = { ...stored, resources }
    assertValid(await memory.check(set))
    return { judgedOn: memory.digestOf(set) }
  },
  on: async ({ tx, input }) => resourceSubject(await needResource(tx, input.resource)),
  run: async ({ tx, input, prepared, ports, now, caller }) => {
    const { resource: named, approval: given, dryRun, ...wanted } = input
    const before = await needResource(tx, named)
    const { id: _, owner: team, ...view } = resourceView(before)
    const whole = { ...view, ...(team === null ? {} : { owner: team }), ...withoutUndefined(wanted) }
    const by = caller.actor.id
    const call = { approval: given, operation: 'policy.resource.change', input, requester: by, now, isDryRun: dryRun }
    const approving = createApproving(tx, ports, call)
    const permits = createPermits(tx)
    const done = await putResource(tx, ports, before, whole, { now, id: before.id, need: approving.need, permits })
    if (done.change.length > 0) await assertActionsAgree(tx)
    // The permits hold the texts: what others stored until now is seen here, and they see this.
    if (done.change.length > 0 && isOfPolicies(input)) await assertSetStands(tx, ports, prepared?.judgedOn)
    const approval = await approving.settle()
    const { resource, change, signals, regraded } = done
    return {
      output: {
        ...resourceView(resource),
        dryRun,
        needsApproval: [...approving.why()],
        regraded: regradedViews(regraded),
      },
      on: resourceSubject(resource),
      change: [...change, ...regradeChanges(regraded)],
      signals,
      ...(approval === undefined ? {} : { approval }),
    }
  },
})

// Nothing else of a resource is in the schema of policies.
const isOfPolicies = ({
  actions,
  detailTypes,
}: {
  readonly actions?: unknown
  readonly detailTypes?: unknown
}): boolean => actions !== undefined || detailTypes !== undefined

type Defined<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }

// What was not said stays; zod writes it as undefined.
const withoutUndefined = <Fields extends object>(fields: Fields): Defined<Fields> => {
  const defined: Defined<Fields> = {}
  for (const name of Object.keys(fields))
    if (Reflect.get(fields, name) !== undefined) Reflect.set(defined, name, Reflect.get(fields, name))
  return defined
}
