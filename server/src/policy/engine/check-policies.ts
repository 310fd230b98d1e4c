import type { SchemaJson, ValidationAnswer } from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyEst } from '@reeve/cedar'
import { alikeProblems } from './alike-problems.ts'
import { checkGroups, wideGroups } from './check-groups.ts'
import { type Told, verdictsUnder } from './known-verdicts.ts'
import { callOfficial } from './official.ts'
import { officialProblem } from './read-policy.ts'
import type { PolicyProblem, SourcePolicy } from './source-policy.ts'

/** A Cedar schema, as text or in its JSON form. */
export type PolicySchema = string | SchemaJson<string>

/** A policy and its parsed form. */
export interface ParsedPolicy {
  readonly source: SourcePolicy
  readonly est: PolicyEst
}

/** What the official type checker (strict) says: problems must be mended, warnings should be read. */
export interface Verdict {
  problems: PolicyProblem[]
  warnings: PolicyProblem[]
}

/** Type-checks parsed policies against the schema; each is judged by itself, and those that are known are not again. */
export const checkPolicies = (policies: readonly ParsedPolicy[], schema: PolicySchema): Verdict => {
  const checking = checkBySome(policies, schema)
  for (;;) {
    const step = checking.next()
    if (step.done) return step.value
  }
}

/** What the official engine says of a schema alone. */
export const checkSchema = (schema: PolicySchema): PolicyProblem[] => {
  const known = verdictsUnder(schema)
  if (known.of(NO_POLICY) !== undefined) return []
  const called = callOfficial((cedar) => cedar.validate({ schema, policies: { staticPolicies: {} } }))
  if (!called.ok) return [{ policy: '', message: 'the schema is too complex to be read' }]
  if (called.result.type === 'failure') return called.result.errors.map(({ message }) => ({ policy: '', message }))
  known.keep(NO_POLICY, NOTHING)
  return []
}

const NOTHING: Told = { problems: [], warnings: [] }
// Under a schema that is not proper nothing is sound.
const NO_POLICY: SourcePolicy = { id: '', text: '', origin: {}, kind: 'builtin' }

/** Checks one group after the other, with a pause after each for who has others to serve; tells all of them at the end. */
export function* checkBySome(policies: readonly ParsedPolicy[], schema: PolicySchema): Generator<undefined, Verdict> {
  if (policies.length === 0) return { problems: [], warnings: [] }
  const known = verdictsUnder(schema)
  const told = new Map<SourcePolicy, Told>()
  const unknown = policies.filter((policy) => {
    const verdict = known.of(policy.source)
    if (verdict !== undefined) told.set(policy.source, verdict)
    return verdict === undefined
  })
  const again: SourcePolicy[] = []
  // The second is asked when the first is through, and by then it is known what is checked again.
  for (const groups of [checkGroups(unknown, schema), wideGroups(again, schema)])
    for (const group of groups) {
      const failed = checkSome(group.policies, group.schema, told)
      if (failed !== undefined) return { problems: [...failed], warnings: [] }
      for (const source of group.policies) {
        const said = saidIn(told, source)
        if (group.isSample && isSaid(said)) again.push(source)
        else known.keep(source, said)
      }
      yield
    }
  const all = policies.map(({ source }) => saidIn(told, source))
  return { problems: all.flatMap(({ problems }) => problems), warnings: all.flatMap(({ warnings }) => warnings) }
}

// INVARIANT: what was not judged is not sound. Who asks for an engine or a set refuses all of it then.
const saidIn = (told: ReadonlyMap<SourcePolicy, Told>, source: SourcePolicy): Told => {
  const said = told.get(source)
  if (said === undefined) throw new Error(`the policy ${source.id} was not judged`)
  return said
}

const isSaid = ({ problems, warnings }: Told): boolean => problems.length + warnings.length > 0

/** Tells what there is to say of each; or what is wrong with the schema. */
const checkSome = (
  policies: readonly SourcePolicy[],
  schema: PolicySchema,
  told: Map<SourcePolicy, Told>,
): readonly PolicyProblem[] | undefined => {
  // By their places: of two that claim one id, each has its own verdict.
  const staticPolicies = Object.fromEntries(policies.map(({ text }, at) => [at, text]))
  const called = callOfficial((cedar) => cedar.validate({ schema, policies: { staticPolicies } }))
  if (!called.ok) return checkHalves(policies, schema, told)
  const { result } = called
  if (result.type === 'failure') return result.errors.map(({ message }) => ({ policy: '', message }))
  const problems = Map.groupBy(result.validationErrors, ({ policyId }) => policyId)
  const warnings = Map.groupBy(result.validationWarnings, ({ policyId }) => policyId)
  for (const [at, source] of policies.entries()) {
    const said = (of: ReadonlyMap<string, Found>) => saidOf(source, of.get(String(at)) ?? [])
    told.set(source, { problems: said(problems), warnings: said(warnings) })
  }
  return undefined
}

type Found = (ValidationAnswer & { type: 'success' })['validationErrors']

// The checker tells them in an order of chance.
const saidOf = (source: SourcePolicy, found: Found): readonly PolicyProblem[] => {
  const problems = found.map(({ error }) => officialProblem(source, error))
  return alikeProblems(problems).toSorted(
    (one, other) => placeIn(one) - placeIn(other) || (one.message < other.message ? -1 : 1),
  )
}

// No line of a policy is longer.
const placeIn = ({ line = 0, column = 0 }: PolicyProblem): number => line * 100_000 + column

// The checker broke on one of them: look for it, so that the others get their own verdict.
const checkHalves = (
  policies: readonly SourcePolicy[],
  schema: PolicySchema,
  told: Map<SourcePolicy, Told>,
): readonly PolicyProblem[] | undefined => {
  const [first] = policies
  if (first === undefined) return undefined
  if (policies.length === 1) {
    told.set(first, {
      problems: [{ policy: first.id, message: 'the policy is too complex to be checked' }],
      warnings: [],
    })
    return undefined
  }
  const middle = policies.length >> 1
  return checkSome(policies.slice(0, middle), schema, told) ?? checkSome(policies.slice(middle), schema, told)
}
