import { statementsOf } from './managed-policies.ts'
import { touch, widened, within, without } from './narrowing.ts'
import { isEverything, type Statement, speaksOf } from './policy.ts'

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
  /** The account that it lives in; empty where nothing says which. */
  readonly account: string
}

/** That somebody may do something, and where. */
export interface Right {
  readonly policy: string
  readonly resources: readonly string[]
  /** What is taken out of the resources. */
  readonly except: readonly string[]
  readonly isOnEverything: boolean
  /** A condition stands before it, whose truth no export tells. */
  readonly isConditional: boolean
  /** The denials under a condition, in words: they take nothing away while it does not hold. */
  readonly deniedIf: readonly string[]
}

/**
 * The statements by which somebody may do an action: what is allowed, minus what is denied, within the boundary.
 * A denial under a condition takes nothing away here: it may not hold.
 */
export const rightsTo = (held: Held, action: string): Right[] => {
  const denials = denialsTo(held, action)
  const limits = limitsTo(held, action)
  return held.policies.flatMap((policy) =>
    speakingOf(policy, action)
      .filter(({ effect }) => effect === 'Allow')
      .flatMap((grant) => rightBy(policy.name, grant, { held, action, denials, limits }) ?? []),
  )
}

/** Whether something forbids an action on one resource, whatever else allows it. */
export const isDenied = (held: Held, action: string, resource: string): boolean =>
  denialsTo(held, action).some(
    ({ statement }) =>
      statement.conditions.length === 0 &&
      (statement.notResources.length > 0
        ? without([resource], statement.notResources).length > 0
        : isEverything(statement) || without([resource], statement.resources).length === 0),
  )

/** The best of several: on everything before on some, without a condition before with one. */
export const strongest = (rights: readonly Right[]): Right | undefined =>
  rights.toSorted(
    (a, b) => Number(a.isConditional) - Number(b.isConditional) || Number(b.isOnEverything) - Number(a.isOnEverything),
  )[0]

/** Whether somebody may do everything, or hand out every right, which is the same. */
export const adminRightOf = (held: Held): Right | undefined =>
  // No action is of this name: only a pattern over all of a service covers it.
  strongest(
    [...rightsTo(held, 'reeve-any:Thing'), ...rightsTo(held, 'iam:AnyThing')].filter(
      (right) => isSure(right) && !isExceptIam(held, right),
    ),
  )

/** A statement that denies, with the policy that it stands in. */
export interface Denial {
  readonly policy: string
  readonly statement: Statement
}

/** Everything that is denied to somebody, by policies and by the boundary. */
export const denialsOf = (held: Held): readonly Denial[] =>
  policiesOf(held).flatMap((policy) =>
    (statementsOf(policy) ?? [])
      .filter(({ effect }) => effect === 'Deny')
      .map((statement) => ({ policy: policy.name, statement })),
  )

/** When a denial holds, in words. */
export const conditionText = ({ conditions }: Statement): string =>
  `if ${[...new Set(conditions.map(({ key }) => key))].slice(0, KEYS_SHOWN_MAX).join(', ')} ${conditions.length > 1 ? 'match' : 'matches'}`

const KEYS_SHOWN_MAX = 5

interface Asked {
  readonly held: Held
  readonly action: string
  readonly denials: readonly Denial[]
  /** What the boundary allows of it; `undefined` is no boundary, or one that nobody knows. */
  readonly limits: readonly Statement[] | undefined
}

const policiesOf = ({ policies, boundary }: Held): readonly HeldPolicy[] =>
  boundary ? [...policies, boundary] : policies

const denialsTo = (held: Held, action: string): readonly Denial[] =>
  policiesOf(held).flatMap((policy) =>
    speakingOf(policy, action)
      .filter(({ effect }) => effect === 'Deny')
      .map((statement) => ({ policy: policy.name, statement })),
  )

// Nobody knows what an absent document forbids: what is granted is told, and that there is a boundary as well.
const limitsTo = ({ boundary }: Held, action: string): readonly Statement[] | undefined =>
  boundary && statementsOf(boundary)
    ? speakingOf(boundary, action).filter(({ effect }) => effect === 'Allow')
    : undefined

const rightBy = (policy: string, grant: Statement, asked: Asked): Right[] => {
  const { action, denials, limits, held } = asked
  const own: Scope = {
    resources: grant.resources.length > 0 ? widened(grant.resources, action, held.account) : ['*'],
    except: grant.notResources,
    isConditional: grant.conditions.length > 0,
  }
  const bounded = limits ? limits.flatMap((limit) => boundedBy(own, limit, asked)) : [own]
  return distinct(bounded).flatMap((scope) => {
    const left = deniedBy(scope, asked)
    const isOnEverything = left.resources.includes('*') && !left.isNarrowed
    if (left.resources.length === 0) return []
    const deniedIf = denials
      .filter(({ statement }) => statement.conditions.length > 0 && touches(statement, left.resources))
      .map((denial) => `policy ${denial.policy} denies it ${conditionText(denial.statement)}`)
    return [
      {
        policy,
        resources: left.resources,
        except: left.except,
        isOnEverything,
        isConditional: scope.isConditional,
        deniedIf: [...new Set(deniedIf)],
      },
    ]
  })
}

interface Scope {
  readonly resources: readonly string[]
  readonly except: readonly string[]
  readonly isConditional: boolean
}

const boundedBy = (own: Scope, limit: Statement, { action, held }: Asked): Scope[] => {
  const allowed = limit.resources.length > 0 ? widened(limit.resources, action, held.account) : ['*']
  const resources = within(own.resources, allowed)
  if (resources.length === 0) return []
  return [
    {
      resources,
      except: [...own.except, ...limit.notResources],
      isConditional: own.isConditional || limit.conditions.length > 0,
    },
  ]
}

// Most boundaries say in many statements what one grant is all within: the widest of them is enough.
const distinct = (scopes: readonly Scope[]): readonly Scope[] => {
  const whole = scopes.find(
    ({ resources, except, isConditional }) => resources.includes('*') && except.length === 0 && !isConditional,
  )
  return whole ? [whole] : scopes
}

const deniedBy = (scope: Scope, { denials, action, held }: Asked): Scope & { readonly isNarrowed: boolean } => {
  let { resources } = scope
  const except = [...scope.except]
  for (const { statement } of denials) {
    if (statement.conditions.length > 0) continue
    if (isEverything(statement)) return { ...scope, resources: [], isNarrowed: true }
    if (statement.notResources.length > 0)
      resources = within(resources, widened(statement.notResources, action, held.account))
    else {
      const taken = widened(statement.resources, action, held.account)
      resources = without(resources, taken)
      except.push(...taken)
    }
  }
  // What `NotResource` leaves out was never given; what is denied of everything leaves the rest of everything.
  return { ...scope, resources, except, isNarrowed: scope.except.length > 0 }
}

const touches = (statement: Statement, resources: readonly string[]): boolean =>
  isEverything(statement) || statement.notResources.length > 0 || touch(statement.resources, resources)

const isSure = ({ isOnEverything, isConditional }: Right): boolean => isOnEverything && !isConditional

// PowerUserAccess and its kin are all but IAM: much, but they cannot give themselves the rest.
const isExceptIam = (held: Held, right: Right): boolean =>
  !HANDING_OUT.some((action) => rightsTo(held, action).some((one) => one.policy === right.policy && isSure(one)))

// Each of them gives whoever has it every right there is.
const HANDING_OUT = ['User', 'Role', 'Group'].flatMap((whom) => [`iam:Attach${whom}Policy`, `iam:Put${whom}Policy`])

// What thousands share is read once; what only one has is not worth the memory.
const speakingOf = (policy: HeldPolicy, action: string): readonly Statement[] => {
  const statements = statementsOf(policy)
  if (!statements || statements.length === 0) return []
  if (policy.arn === '') return statements.filter((statement) => speaksOf(statement, action))
  const known = spokenBy.get(statements) ?? new Map<string, readonly Statement[]>()
  spokenBy.set(statements, known)
  const found = known.get(action) ?? statements.filter((statement) => speaksOf(statement, action))
  known.set(action, found)
  return found
}

const spokenBy = new WeakMap<readonly Statement[], Map<string, readonly Statement[]>>()
