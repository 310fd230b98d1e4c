import { stageOf } from '../decide/context.ts'
import type { Bundle, MatrixLine } from '../domain/bundle.ts'
import { covers } from '../domain/containment.ts'
import type { Grant } from '../domain/grant.ts'
import { linesOf, reachOf, WILDCARD } from '../domain/reach.ts'
import { isPrivileged } from '../domain/resource.ts'
import type { Side } from '../plan/grounds.ts'
import type { PolicyIdentity } from '../room.ts'
import { accessLint, type LintView } from './access-lint.ts'
import { type OnResource, type WrittenPolicies, writtenPolicies } from './written-policies.ts'

/** What of a side a directory declares, in its order, and by whom its grants are held. */
export interface DeclaredAccess {
  readonly grants: readonly Declared<Grant>[]
  readonly bundles: readonly Declared<Bundle>[]
  /** By id. */
  readonly holders: ReadonlyMap<string, PolicyIdentity>
  /** Whether the server can say in which country an address is. */
  readonly knowsRegions: boolean
}

interface Declared<Value> {
  readonly value: Value
  readonly name: string
  readonly place: string | null
}

/** What there is to say of the grants and bundles of a directory, beside everything else that would be in force. */
export const lintGrants = (side: Side, declared: DeclaredAccess, now: Date): readonly LintView[] => {
  const policies = writtenPolicies(side, now)
  const looked = { side, policies, holders: declared.holders }
  return [
    ...declared.bundles.flatMap((one) => [...wildcards(one, one.value.matrix, side), ...overBroadBundle(one, side)]),
    ...declared.grants.flatMap((one) => [
      ...wildcards(one, 'bundle' in one.value.gives ? [] : [one.value.gives], side),
      ...overBroadGrant(one, side),
      ...contradictory(one, looked),
      ...neverStated(one, declared),
    ]),
    ...[...Map.groupBy(declared.grants, ({ value }) => value.identity)].flatMap(([holder, own]) =>
      shadowed(own, side.grants(holder), looked),
    ),
  ]
}

interface Looked {
  readonly side: Side
  readonly policies: WrittenPolicies
  readonly holders: ReadonlyMap<string, PolicyIdentity>
}

const nameOf = (side: Side, resource: string): string => side.base().resource(resource)?.name ?? resource

const wildcards = (one: Declared<unknown>, lines: readonly MatrixLine[], side: Side): readonly LintView[] =>
  lines
    .filter(({ actions }) => actions.includes(WILDCARD))
    .map(({ resource }) => accessLint('wildcard', one, `it gives every action of ${nameOf(side, resource)}`))

const overBroadBundle = (one: Declared<Bundle>, side: Side): readonly LintView[] => {
  const reached = reachOf(one.value.matrix, side.base().resource).map(({ resource }) => resource)
  const [first] = reached
  const other = reached.find(({ environment }) => environment !== first?.environment)
  if (first === undefined || other === undefined) return []
  const [here, there] = [first, other].map(({ name, environment }) => `${name} (${environment})`)
  return [accessLint('over-broad', one, `it reaches ${here} and ${there}, and an identity has one environment`)]
}

const overBroadGrant = (one: Declared<Grant>, side: Side): readonly LintView[] => {
  if (Object.values(one.value.conditions).some((condition) => condition !== undefined)) return []
  for (const { resource, actions } of reachOf(linesOf(one.value, side.base().bundle), side.base().resource)) {
    const strong = actions.find(({ effect }) => isPrivileged(effect))
    if (strong !== undefined)
      return [
        accessLint(
          'over-broad',
          one,
          `it gives ${strong.name} on ${resource.name}, which is ${strong.effect}, under no condition`,
        ),
      ]
  }
  return []
}

const neverStated = (one: Declared<Grant>, { holders, knowsRegions }: DeclaredAccess): readonly LintView[] => {
  const { regions, pipelineStages } = one.value.conditions
  const identity = holders.get(one.value.identity)
  if (regions !== undefined && !knowsRegions)
    return [accessLint('never-stated', one, 'it is for some regions, and this server knows the region of no address')]
  if (pipelineStages === undefined || identity === undefined || stageOf(identity.pipeline) !== undefined) return []
  return [accessLint('never-stated', one, `it is for some pipeline stages, and ${identity.name} has none`)]
}

const contradictory = (one: Declared<Grant>, { side, policies, holders }: Looked): readonly LintView[] => {
  const identity = holders.get(one.value.identity)
  const pairs = pairsOf(one.value, side)
  if (identity === undefined || pairs.length === 0) return []
  const by = new Set(pairs.map((pair) => policies.always('forbid', identity, pair)))
  return by.has(undefined) ? [] : [accessLint('contradictory', one, `${[...by].join(', ')} forbids whatever it gives`)]
}

// From the last to the first, each against what is left: all that are told of can go, and nothing is lost.
const shadowed = (own: readonly Declared<Grant>[], held: readonly Grant[], looked: Looked): readonly LintView[] => {
  const left = new Map(held.map((grant) => [grant.id, grant]))
  return [...own]
    .reverse()
    .flatMap((one) => {
      const others = [...left.values()].filter(
        ({ id, expiresAt, conditions }) =>
          id !== one.value.id && expiresAt >= one.value.expiresAt && covers(conditions, one.value.conditions),
      )
      const by = givenBy(one.value, others, looked)
      if (by === undefined) return []
      left.delete(one.value.id)
      return [accessLint('shadowed', one, `${by.join(', ')} ${by.length === 1 ? 'gives' : 'give'} whatever it gives`)]
    })
    .reverse()
}

/** Who gives all that a grant gives; undefined where something of it is given by nobody else. */
const givenBy = (
  grant: Grant,
  others: readonly Grant[],
  { side, policies, holders }: Looked,
): readonly string[] | undefined => {
  const identity = holders.get(grant.identity)
  const by = new Set<string>()
  const pairs = pairsOf(grant, side)
  for (const pair of [...pairs, ...wholeOf(grant, side)]) {
    const other = others.find((one) => gives(one, pair, side))
    const policy = other === undefined && identity !== undefined ? policies.always('permit', identity, pair) : undefined
    if (other === undefined && policy === undefined) return undefined
    by.add(other === undefined ? (policy ?? '') : `grant ${other.name}`)
  }
  return pairs.length === 0 ? undefined : [...by]
}

const pairsOf = (grant: Grant, side: Side): readonly OnResource[] =>
  reachOf(linesOf(grant, side.base().bundle), side.base().resource).flatMap(({ resource, actions }) =>
    actions.map(({ name }) => ({ resource: resource.id, action: name })),
  )

// Every action is more than those there are: no list of them gives those to come.
const wholeOf = (grant: Grant, side: Side): readonly OnResource[] =>
  linesOf(grant, side.base().bundle)
    .filter(({ actions }) => actions.includes(WILDCARD))
    .map(({ resource }) => ({ resource, action: WILDCARD }))

const gives = (grant: Grant, { resource, action }: OnResource, side: Side): boolean =>
  linesOf(grant, side.base().bundle).some(
    (line) => line.resource === resource && (line.actions.includes(WILDCARD) || line.actions.includes(action)),
  )
