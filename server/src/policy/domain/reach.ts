import type { Bundle, MatrixLine } from './bundle.ts'
import type { Grant } from './grant.ts'
import { isPrivileged, type Resource, type ResourceAction } from './resource.ts'

/** Every action that a resource has. */
export const WILDCARD = '*'

/** Actions on one resource that a grant really gives. */
export interface Reach {
  readonly resource: Resource
  readonly actions: readonly ResourceAction[]
}

/** The lines that a grant gives; none when its bundle is gone. */
export const linesOf = (
  grant: Pick<Grant, 'gives'>,
  bundle: (id: string) => Bundle | undefined,
): readonly MatrixLine[] => ('bundle' in grant.gives ? (bundle(grant.gives.bundle)?.matrix ?? []) : [grant.gives])

/**
 * What lines come to on the resources as they are registered now; what is not registered gives nothing. Each resource
 * stands there once, whatever lines are about it: a grant compiles to one policy for each, which its id names.
 */
export const reachOf = (
  lines: readonly MatrixLine[],
  resource: (id: string) => Resource | undefined,
): readonly Reach[] =>
  [...Map.groupBy(lines, (line) => line.resource)].flatMap(([id, own]) => {
    const on = resource(id)
    if (on === undefined) return []
    const named = new Set(own.flatMap(({ actions }) => actions))
    const actions = on.actions.filter(({ name }) => named.has(WILDCARD) || named.has(name))
    return actions.length === 0 ? [] : [{ resource: on, actions }]
  })

/** What lines give that others do not, line by line; what had every action of a resource gains none on it. */
export const gainedLines = (before: readonly MatrixLine[], after: readonly MatrixLine[]): readonly MatrixLine[] =>
  after.flatMap(({ resource, actions }) => {
    const had = new Set(before.filter((line) => line.resource === resource).flatMap((line) => line.actions))
    const gained = had.has(WILDCARD) ? [] : actions.filter((action) => !had.has(action))
    return gained.length === 0 ? [] : [{ resource, actions: gained }]
  })

/** Why these lines need an approval, if they do: a wildcard, or an action that is privileged or impersonates. */
export const approvalReason = (
  lines: readonly MatrixLine[],
  resource: (id: string) => Resource | undefined,
): string | undefined => {
  const wild = lines.find((line) => line.actions.includes(WILDCARD))
  if (wild !== undefined) return `every action on ${resource(wild.resource)?.name ?? wild.resource}`
  for (const { resource: on, actions } of reachOf(lines, resource)) {
    const action = actions.find(({ effect }) => isPrivileged(effect))
    if (action !== undefined) return `${action.name} on ${on.name} is ${action.effect}`
  }
  return undefined
}
