import { isOfAnyText } from './any-text.ts'
import { type LintGround, type ReadGround, readGround } from './ground.ts'
import { covers, type LintedPolicy, type ReadPolicy, readForLint } from './linted-policy.ts'
import { textOf } from './literal.ts'
import { namesActions, narrows } from './narrows.ts'
import { neverStated } from './never-stated.ts'

/** How bad what a lint finds is. */
export const LINT_SEVERITIES = ['low', 'medium', 'high'] as const
/** How bad what a lint finds is. */
export type LintSeverity = (typeof LINT_SEVERITIES)[number]

/** What a lint looks for, why it matters and what to do about it. */
export interface LintSpec {
  readonly severity: LintSeverity
  readonly what: string
  readonly why: string
  readonly fix: string
  /** A policy, in Cedar, of which the lint tells; where it takes two, the last one. */
  readonly example: string
}

/** Every lint by its name. */
export const LINTS = {
  'never-matching': {
    severity: 'medium',
    what: 'no request can ever match the policy',
    why: 'whoever wrote it believes that it permits or forbids something, and it does nothing: a name is misspelt, or two of its conditions exclude each other',
    fix: 'correct the name or the condition that excludes the others, or remove the policy',
    example:
      'permit (principal, action == Reeve::Action::"orders.read", resource)\nwhen { principal.kind == "bot" && principal.kind == "agent" };',
  },
  'never-stated': {
    severity: 'medium',
    what: 'the policy looks at a fact of the request that is stated nowhere that the policy may match, or that is always the same',
    why: 'a permit that needs it never permits, a forbid that needs it never forbids, and one that is lifted by it always does',
    fix: 'look at a fact that is stated there, or let the policy be for the actions where this one is',
    example:
      'permit (principal, action == Reeve::Action::"orders.read", resource)\nwhen { principal.kind == "bot" && context has isParty && context.isParty };',
  },
  shadowed: {
    severity: 'low',
    what: 'another policy of the same effect matches whatever this one matches',
    why: 'removing or narrowing it changes nothing, so that somebody who takes access away by it takes nothing away',
    fix: 'remove it, or narrow the wider policy',
    example:
      'permit (principal, action == Reeve::Action::"orders.read", resource) when { principal.kind == "bot" };\n\npermit (principal, action == Reeve::Action::"orders.read", resource)\nwhen { principal.kind == "bot" && principal.environment == "production" };',
  },
  'over-broad': {
    severity: 'high',
    what: 'a permit says nothing about who may, or reaches every resource by actions that it does not name',
    why: 'whatever is registered tomorrow has this access as well, and nobody will have decided so',
    fix: 'name the principal or a property that it must have; name the resource, or the actions one by one',
    example:
      'permit (principal, action == Reeve::Action::"orders.read", resource)\nunless { principal.kind == "agent" };',
  },
  contradictory: {
    severity: 'medium',
    what: 'a forbid matches whatever this permit matches, so that it never permits anything',
    why: 'a forbid always wins: one of the two says what nobody meant',
    fix: 'remove the permit, or make the exception in the forbid (`unless`)',
    example:
      'forbid (principal, action == Reeve::Action::"orders.export", resource);\n\npermit (principal, action == Reeve::Action::"orders.export", resource)\nwhen { principal.kind == "service" };',
  },
  wildcard: {
    severity: 'high',
    what: 'a permit is for every action, or a pattern matches every text',
    why: 'an action that a resource gets later is permitted from its first day; a pattern of `*` alone asks for nothing',
    fix: 'name the actions, or a group such as `Reeve::Action::"access:read"`; remove the pattern or give it a beginning',
    example: 'permit (principal, action, resource in Reeve::Resource::"orders-api") when { principal.kind == "bot" };',
  },
} as const satisfies Readonly<Record<string, LintSpec>>

/** The name of a lint that looks at policies alone. */
export type LintName = keyof typeof LINTS

/** What a lint tells: of which policy, where it stands, and because of what. */
export interface LintFinding {
  readonly lint: LintName
  readonly severity: LintSeverity
  readonly policy: string
  readonly place: string | null
  readonly message: string
  readonly fix: string
}

/**
 * What there is to say of policies that passed the type check, in their order. What only tests can tell (that a policy
 * is in none of them) is told by whoever runs the tests. It is not complete where more pairs would have to be compared
 * than may be.
 */
export const lintPolicies = (policies: readonly LintedPolicy[], ground: LintGround, pairsMax = PAIRS_MAX): Linted => {
  const linting = lintOneByOne(policies, ground, pairsMax)
  for (;;) {
    const step = linting.next()
    if (step.done) return step.value
  }
}

/** What was found, and whether all policies were compared. */
export interface Linted {
  readonly lints: readonly LintFinding[]
  readonly isComplete: boolean
}

/** The same, with a pause after each policy for who has others to serve. */
export function* lintOneByOne(
  policies: readonly LintedPolicy[],
  ground: LintGround,
  pairsMax = PAIRS_MAX,
): Generator<undefined, Linted> {
  const known = readGround(ground, pairsMax)
  const all: ReadPolicy[] = []
  for (const policy of policies) {
    all.push(readForLint(policy, known))
    yield
  }
  const lints: LintFinding[] = []
  for (const [at, policy] of all.entries()) {
    lints.push(...lintsOf({ policy, at, all, ground: known }))
    yield
  }
  return { lints, isComplete: known.pairs.left >= 0 }
}

// Policies that their heads tell apart are not counted; so many take about a second.
const PAIRS_MAX = 20_000

interface Look {
  readonly policy: ReadPolicy
  readonly at: number
  readonly all: readonly ReadPolicy[]
  readonly ground: ReadGround
}

const lintsOf = (one: Look): LintFinding[] => {
  const { id, place, isElsewhere } = one.policy
  if (isElsewhere === true) return []
  return LOOKS.flatMap(([lint, look]): LintFinding[] => {
    const message = look(one)
    const { severity, fix } = LINTS[lint]
    return message === undefined ? [] : [{ lint, severity, policy: id, place, message, fix }]
  })
}

const neverMatching = ({ policy }: Look): string | undefined =>
  policy.ways?.length === 0 ? LINTS['never-matching'].what : undefined

const looksAtNothing = ({ policy, ground }: Look): string | undefined => {
  const fact = neverStated(policy, ground)
  if (fact === undefined) return undefined
  const value = ground.always?.get(fact)
  return value === undefined
    ? `context.${fact} is stated nowhere that it may match`
    : `context.${fact} is never anything but ${value} where it may match`
}

const shadowed = ({ policy, at, all, ground }: Look): string | undefined => {
  const wider = all.find(
    (other, of) =>
      of !== at &&
      other.est.effect === policy.est.effect &&
      covers(other, policy, ground) &&
      // Of two that match the same, the first stays.
      (of < at || other.isElsewhere === true || !covers(policy, other, ground)),
  )
  return wider && `${placed(wider)} matches whatever this one matches`
}

const contradictory = ({ policy, all, ground }: Look): string | undefined => {
  if (policy.est.effect !== 'permit') return undefined
  const forbid = all.find((other) => other.est.effect === 'forbid' && covers(other, policy, ground))
  return forbid && `${placed(forbid)} forbids whatever this one permits`
}

const overBroad = ({ policy, ground }: Look): string | undefined => {
  if (policy.est.effect !== 'permit') return undefined
  const groups = new Set(ground.actions.flatMap((action) => action.groups.map(textOf)))
  for (const way of policy.ways ?? []) {
    if (!narrows(way, 'principal')) return 'it says nothing that a principal must be or have'
    if (!narrows(way, 'resource') && !namesActions(way, (uid) => groups.has(uid)))
      return 'it reaches every resource, by actions that it does not name'
  }
  return undefined
}

const wildcard = ({ policy }: Look): string | undefined => {
  if (policy.est.effect !== 'permit') return undefined
  if (policy.ways?.some((way) => !narrows(way, 'action'))) return 'it is for every action'
  return isOfAnyText(policy.est.conditions) ? 'a pattern of it matches every text' : undefined
}

const LOOKS: readonly (readonly [LintName, (look: Look) => string | undefined])[] = [
  ['never-matching', neverMatching],
  ['never-stated', looksAtNothing],
  ['shadowed', shadowed],
  ['over-broad', overBroad],
  ['contradictory', contradictory],
  ['wildcard', wildcard],
]

const placed = ({ id, place }: LintedPolicy): string => (place === null ? id : `${id} (${place})`)
