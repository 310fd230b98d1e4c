import type { AnyDb } from '../kit/database.ts'
import { WILDCARD } from './domain/reach.ts'
import type { DirectoryProblem, DirectoryReview, UnjudgedDirectory } from './review-directory.ts'
import type { PolicyPorts } from './room.ts'
import type { GrantInput } from './shapes.ts'

/** Objects of one part that are shaped as they should be, with their places in its list. */
export type Declarations<Value> = readonly { readonly at: number; readonly value: Value }[]

/** What a directory names that is neither in it nor in the register. */
export const referenceProblems = async (
  db: AnyDb,
  ports: PolicyPorts,
  given: UnjudgedDirectory,
  { resources, bundles, grants }: DirectoryReview,
): Promise<readonly DirectoryProblem[]> => {
  const problems: DirectoryProblem[] = []
  const tell = (part: DirectoryProblem['part'], at: number, message: string): void => {
    problems.push({ part, at, place: null, message })
  }
  const teams = finder(given.teams, async (name) => (await ports.identities.findTeam(db, name)) !== undefined)
  const identities = finder(given.identities, async (name) => (await ports.identities.find(db, name)) !== undefined)
  const bundleNames = new Set([
    ...namesIn(given.bundles),
    ...ports.memory.base().stored.bundles.flatMap(({ id, name }) => [id, name]),
  ])
  const actionsOf = actionsByResource(ports, given, resources)
  const line = (part: 'bundles' | 'grants', at: number, resource: string, actions: readonly string[]): void => {
    const known = actionsOf(resource)
    if (known === undefined) tell(part, at, `there is no resource ${resource}`)
    else
      for (const action of actions)
        if (action !== WILDCARD && known.size > 0 && !known.has(action))
          tell(part, at, `${resource} has no action ${action}`)
  }
  const ofGrant = async (at: number, { identity, bundle, resource, actions }: GrantInput): Promise<void> => {
    if (!(await identities(identity))) tell('grants', at, `there is no identity ${identity}`)
    if ((bundle === undefined) === (resource === undefined)) tell('grants', at, 'names either a bundle or a resource')
    if (bundle !== undefined && !bundleNames.has(bundle)) tell('grants', at, `there is no bundle ${bundle}`)
    if (resource !== undefined) line('grants', at, resource, actions ?? [])
  }
  for (const [at, value] of given.identities.entries()) {
    const { owner } = Object(value)
    if (typeof owner === 'string' && !(await teams(owner))) tell('identities', at, `there is no team ${owner}`)
  }
  for (const { at, value } of resources)
    if (value.owner !== undefined && !(await teams(value.owner)))
      tell('resources', at, `there is no team ${value.owner}`)
  for (const { at, value } of bundles)
    for (const { resource, actions } of value.matrix) line('bundles', at, resource, actions)
  for (const { at, value } of grants) await ofGrant(at, value)
  return problems
}

const namesIn = (values: readonly unknown[]): string[] =>
  values.flatMap((value) => {
    const { name } = Object(value)
    return typeof name === 'string' ? [name] : []
  })

/** Whether something is declared or, asked once for each name, registered. */
const finder = (declared: readonly unknown[], isRegistered: (name: string) => Promise<boolean>) => {
  const known = new Map(namesIn(declared).map((name) => [name, true]))
  return async (name: string): Promise<boolean> => {
    const before = known.get(name)
    if (before !== undefined) return before
    const found = await isRegistered(name)
    known.set(name, found)
    return found
  }
}

// Of a resource that is declared and misshapen nothing more is known than that it is there.
const actionsByResource = (ports: PolicyPorts, given: UnjudgedDirectory, resources: DirectoryReview['resources']) => {
  const declared = new Map<string, ReadonlySet<string>>(namesIn(given.resources).map((name) => [name, new Set()]))
  for (const { value } of resources)
    for (const name of [value.name, value.uri]) declared.set(name, new Set(value.actions.map((one) => one.name)))
  return (name: string): ReadonlySet<string> | undefined => {
    const own = declared.get(name)
    if (own !== undefined) return own
    const stored = ports.memory.resource(name)
    if (stored === undefined) return undefined
    return declared.get(stored.name) ?? new Set(stored.actions.map((one) => one.name))
  }
}
