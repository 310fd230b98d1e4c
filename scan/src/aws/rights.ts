import { covers } from './glob.ts'
import type { Statement } from './policy.ts'

/** A policy that somebody has, with the name to blame it by; no statements when its document is not known. */
export interface HeldPolicy {
  readonly name: string
  readonly arn: string
  readonly statements: readonly Statement[] | undefined
}

/** What an identity has been given. */
export interface Held {
  readonly policies: readonly HeldPolicy[]
  /** The most that it may do, whatever else it was given; its document is not always known. */
  readonly boundary: HeldPolicy | undefined
}

/** That somebody may do something, and where. */
export interface Right {
  readonly policy: string
  readonly resources: readonly string[]
  readonly isOnEverything: boolean
  /** A condition stands before it, whose truth no export tells. */
  readonly isConditional: boolean
  readonly conditionKeys: readonly string[]
}

/**
 * The statements by which somebody may do an action: what is allowed, minus what is denied, within the boundary.
 * A denial under a condition, or on some of the resources, takes nothing away here: it may not hold.
 */
export const rightsTo = (held: Held, action: string): Right[] => {
  if (!isWithinBoundary(held.boundary, action)) return []
  const spoken = held.policies.map((policy) => ({ policy, statements: speakingOf(policy, action) }))
  const denials = spoken
    .flatMap(({ statements }) => statements)
    .filter((statement) => statement.effect === 'Deny' && statement.conditions.length === 0)
  return spoken.flatMap(({ policy, statements }) =>
    statements
      .filter(({ effect }) => effect === 'Allow')
      .filter((statement) => !denials.some((denial) => takesAway(denial, statement)))
      .map((statement) => rightOf(policy.name, statement)),
  )
}

/** The best of several: on everything before on some, without a condition before with one. */
export const strongest = (rights: readonly Right[]): Right | undefined =>
  rights.toSorted(
    (a, b) => Number(a.isConditional) - Number(b.isConditional) || Number(b.isOnEverything) - Number(a.isOnEverything),
  )[0]

/** Whether somebody may do everything, or hand out every right, which is the same. */
export const adminRightOf = (held: Held): Right | undefined => {
  const named = held.policies.find(({ arn, statements }) => statements === undefined && ADMIN_POLICIES.test(arn))
  if (named && held.boundary === undefined) {
    return { policy: named.name, resources: ['*'], isOnEverything: true, isConditional: false, conditionKeys: [] }
  }
  // No action is of this name: only a pattern over all of a service covers it.
  return strongest(
    [...rightsTo(held, 'reeve-any:Thing'), ...rightsTo(held, 'iam:AnyThing')].filter(
      (right) => right.isOnEverything && !right.isConditional && !isExceptIam(held, right),
    ),
  )
}

/** What somebody may reach in one service, at most. */
export interface ServiceReach {
  readonly service: string
  readonly access: Access
  readonly policy: string
}

/** What somebody may reach: each service, and how. */
export const servicesOf = (held: Held): ServiceReach[] => {
  const found = new Map<string, ServiceReach>()
  for (const { name, statements } of held.policies) {
    for (const [service, access] of statements ? servicesBy(statements) : []) {
      const known = found.get(service)
      if (!known || isMore(access, known.access)) found.set(service, { service, access, policy: name })
    }
  }
  return [...found.values()]
}

const ACCESS_ORDER = ['read', 'write', 'admin'] as const
type Access = (typeof ACCESS_ORDER)[number]
const isMore = (access: Access, than: Access): boolean => ACCESS_ORDER.indexOf(access) > ACCESS_ORDER.indexOf(than)

// Thousands may hold one policy of thousands of actions: it is read once.
const servicesBy = (statements: readonly Statement[]): ReadonlyMap<string, Access> => {
  const known = servicesOfStatements.get(statements)
  if (known) return known
  const found = new Map<string, Access>()
  const actions = statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap(({ actions: named }) => (named.length > 0 ? named : ['*']))
  for (const action of actions) {
    const [service = '', verb = '*'] = action.toLowerCase().split(':')
    const access = verb === '*' ? 'admin' : READING.test(verb) ? 'read' : 'write'
    const before = found.get(service)
    if (before ? isMore(access, before) : found.size < SERVICES_MAX) found.set(service, access)
  }
  servicesOfStatements.set(statements, found)
  return found
}

const servicesOfStatements = new WeakMap<readonly Statement[], ReadonlyMap<string, Access>>()
// AWS has some four hundred; a report shows forty.
const SERVICES_MAX = 500

// What thousands share is read once; what only one has is not worth the memory.
const speakingOf = ({ arn, statements }: HeldPolicy, action: string): readonly Statement[] => {
  if (!statements || statements.length === 0) return []
  if (arn === '') return statements.filter((statement) => speaksOf(statement, action))
  const known = spokenBy.get(statements) ?? new Map<string, readonly Statement[]>()
  spokenBy.set(statements, known)
  const found = known.get(action) ?? statements.filter((statement) => speaksOf(statement, action))
  known.set(action, found)
  return found
}

const spokenBy = new WeakMap<readonly Statement[], Map<string, readonly Statement[]>>()

const ADMIN_POLICIES = /^arn:[\w-]{1,20}:iam::aws:policy\/(?:AdministratorAccess|IAMFullAccess)$/
const READING =
  /^(?:get|list|describe|head|batchget|query|scan|search|view|lookup|read|check|simulate|preview|download)/

// PowerUserAccess and its kin are all but IAM: much, but they cannot give themselves the rest.
const isExceptIam = (held: Held, right: Right): boolean =>
  !rightsTo(held, 'iam:AttachUserPolicy').some(
    ({ policy, isOnEverything }) => policy === right.policy && isOnEverything,
  )

const isWithinBoundary = (boundary: HeldPolicy | undefined, action: string): boolean => {
  const statements = boundary?.statements
  // Nobody knows what an absent document forbids: what is granted is told, and that there is a boundary as well.
  if (!statements) return true
  const isDenied = statements.some(
    (one) => one.effect === 'Deny' && one.conditions.length === 0 && speaksOf(one, action) && isEverything(one),
  )
  return !isDenied && statements.some((one) => one.effect === 'Allow' && speaksOf(one, action))
}

const speaksOf = ({ actions, notActions }: Statement, action: string): boolean =>
  actions.length > 0
    ? actions.some((pattern) => covers(pattern, action))
    : notActions.length > 0 && !notActions.some((pattern) => covers(pattern, action))

const isEverything = ({ resources, notResources }: Statement): boolean =>
  resources.some((resource) => /^\*+$/.test(resource)) || (resources.length === 0 && notResources.length === 0)

const takesAway = (denial: Statement, grant: Statement): boolean =>
  isEverything(denial) ||
  (grant.resources.length > 0 &&
    denial.resources.length > 0 &&
    grant.resources.every((resource) => denial.resources.some((pattern) => covers(pattern, resource))))

const rightOf = (policy: string, statement: Statement): Right => ({
  policy,
  resources: statement.resources.length > 0 ? statement.resources : ['*'],
  isOnEverything: isEverything(statement),
  isConditional: statement.conditions.length > 0,
  conditionKeys: statement.conditions.map(({ key }) => key),
})
