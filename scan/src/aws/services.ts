import { statementsOf } from './managed-policies.ts'
import { within, without } from './narrowing.ts'
import { isEverything, type Statement } from './policy.ts'
import { denialsOf, type Held } from './rights.ts'

/** What somebody may reach in one service, at most. */
export interface ServiceReach {
  readonly service: string
  readonly access: Access
  readonly policy: string
  /** Of everything, the services that are denied. */
  readonly except: readonly string[]
}

/** What somebody may reach: each service, and how, less what is denied and what its boundary leaves out. */
export const servicesOf = (held: Held): ServiceReach[] => {
  const found = new Map<string, ServiceReach>()
  const limits = limitsOf(held)
  const except = limits.denied.flatMap((pattern) => /^([a-z\d-]{1,60}):\*$/i.exec(pattern)?.[1]?.toLowerCase() ?? [])
  for (const policy of held.policies) {
    const statements = statementsOf(policy)
    for (const [service, access] of statements ? servicesBy(statements, limits) : []) {
      const known = found.get(service)
      if (known && !isMore(access, known.access)) continue
      found.set(service, { service, access, policy: policy.name, except: service === '*' ? [...new Set(except)] : [] })
    }
  }
  return [...found.values()]
}

const ACCESS_ORDER = ['read', 'write', 'admin'] as const
type Access = (typeof ACCESS_ORDER)[number]
const isMore = (access: Access, than: Access): boolean => ACCESS_ORDER.indexOf(access) > ACCESS_ORDER.indexOf(than)

/** What holds for whatever a policy gives. */
interface Limits {
  /** Nothing of it, on any resource. */
  readonly denied: readonly string[]
  /** Nothing but what is in each of these lists. */
  readonly only: readonly (readonly string[])[]
}

const limitsOf = (held: Held): Limits => {
  const denials = denialsOf(held)
    .map(({ statement }) => statement)
    .filter((statement) => statement.conditions.length === 0 && isEverything(statement))
  const bounds = (held.boundary && statementsOf(held.boundary)) || undefined
  return {
    denied: denials.flatMap(({ actions }) => actions),
    only: [
      ...denials.flatMap(({ notActions }) => (notActions.length > 0 ? [notActions] : [])),
      ...(bounds ? [bounds.filter(({ effect }) => effect === 'Allow').flatMap(actionsOf)] : []),
    ],
  }
}

const actionsOf = ({ actions }: Statement): readonly string[] => (actions.length > 0 ? actions : ['*'])

const servicesBy = (statements: readonly Statement[], limits: Limits): ReadonlyMap<string, Access> => {
  const granted = statements.filter(({ effect }) => effect === 'Allow').flatMap(actionsOf)
  if (limits.denied.length > 0 || limits.only.length > 0) {
    const left = limits.only.reduce<readonly string[]>((patterns, only) => within(patterns, only), granted)
    return accessBy(without(left, limits.denied))
  }
  // Thousands may hold one policy of thousands of actions: it is read once.
  const known = servicesOfStatements.get(statements) ?? accessBy(granted)
  servicesOfStatements.set(statements, known)
  return known
}

const accessBy = (actions: readonly string[]): ReadonlyMap<string, Access> => {
  const found = new Map<string, Access>()
  for (const action of actions) {
    const [service = '', verb = '*'] = action.toLowerCase().split(':')
    const access = verb === '*' ? 'admin' : READING.test(verb) ? 'read' : 'write'
    const before = found.get(service)
    if (before ? isMore(access, before) : found.size < SERVICES_MAX) found.set(service, access)
  }
  return found
}

const servicesOfStatements = new WeakMap<readonly Statement[], ReadonlyMap<string, Access>>()
// AWS has some four hundred; a report shows forty.
const SERVICES_MAX = 500

const READING =
  /^(?:get|list|describe|head|batchget|query|scan|search|view|lookup|read|check|simulate|preview|download)/
