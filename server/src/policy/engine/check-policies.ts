import type { SchemaJson } from '@cedar-policy/cedar-wasm/nodejs'
import { alikeProblems } from './alike-problems.ts'
import { callOfficial } from './official.ts'
import { officialProblem } from './read-policy.ts'
import { type SoundPolicies, soundUnder } from './sound-policies.ts'
import type { PolicyProblem, SourcePolicy } from './source-policy.ts'

/** A Cedar schema, as text or in its JSON form. */
export type PolicySchema = string | SchemaJson<string>

/** What the official type checker (strict) says: problems must be mended, warnings should be read. */
export interface Verdict {
  problems: PolicyProblem[]
  warnings: PolicyProblem[]
}

/** Type-checks parsed policies against the schema; each is judged by itself, and those known to be sound are not again. */
export const checkPolicies = (policies: readonly SourcePolicy[], schema: PolicySchema): Verdict => {
  const verdict: Verdict = { problems: [], warnings: [] }
  const sound = soundUnder(schema)
  const unknown = policies.filter(({ text }) => !sound.has(text))
  for (let at = 0; at < unknown.length; at += CHUNK) checkSome(unknown.slice(at, at + CHUNK), schema, verdict, sound)
  return verdict
}

/** What the official engine says of a schema alone. */
export const checkSchema = (schema: PolicySchema): PolicyProblem[] => {
  const sound = soundUnder(schema)
  if (sound.has(NO_POLICY)) return []
  const called = callOfficial((cedar) => cedar.validate({ schema, policies: { staticPolicies: {} } }))
  if (!called.ok) return [{ policy: '', message: 'the schema is too complex to be read' }]
  if (called.result.type === 'failure') return called.result.errors.map(({ message }) => ({ policy: '', message }))
  sound.add(NO_POLICY)
  return []
}

// Under a schema that is not proper nothing is sound.
const NO_POLICY = ''

const CHUNK = 2_000

const checkSome = (
  policies: readonly SourcePolicy[],
  schema: PolicySchema,
  verdict: Verdict,
  sound: SoundPolicies,
): void => {
  const staticPolicies = Object.fromEntries(policies.map((policy) => [policy.id, policy.text]))
  const called = callOfficial((cedar) => cedar.validate({ schema, policies: { staticPolicies } }))
  if (!called.ok) {
    checkHalves(policies, schema, verdict, sound)
    return
  }
  const { result } = called
  if (result.type === 'failure') {
    for (const { message } of result.errors) verdict.problems.push({ policy: '', message })
    return
  }
  // The checker tells them in an order of chance.
  const told = (found: typeof result.validationErrors): PolicyProblem[] => {
    const byPolicy = Map.groupBy(found, ({ policyId }) => policyId)
    return policies.flatMap((source) => {
      const problems = (byPolicy.get(source.id) ?? []).map(({ error }) => officialProblem(source, error))
      return alikeProblems(problems).toSorted((one, other) => placeIn(one) - placeIn(other))
    })
  }
  verdict.problems.push(...told(result.validationErrors))
  verdict.warnings.push(...told(result.validationWarnings))
  const isTold = new Set([...result.validationErrors, ...result.validationWarnings].map(({ policyId }) => policyId))
  for (const { id, text } of policies) if (!isTold.has(id)) sound.add(text)
}

// No line of a policy is longer.
const placeIn = ({ line = 0, column = 0 }: PolicyProblem): number => line * 100_000 + column

// The checker broke on one of them: look for it, so that the others get their own verdict.
const checkHalves = (
  policies: readonly SourcePolicy[],
  schema: PolicySchema,
  verdict: Verdict,
  sound: SoundPolicies,
): void => {
  const [first] = policies
  if (first && policies.length === 1)
    verdict.problems.push({ policy: first.id, message: 'the policy is too complex to be checked' })
  if (policies.length < 2) return
  const middle = policies.length >> 1
  checkSome(policies.slice(0, middle), schema, verdict, sound)
  checkSome(policies.slice(middle), schema, verdict, sound)
}
