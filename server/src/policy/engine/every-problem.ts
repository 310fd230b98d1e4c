import { checkPolicies, type ParsedPolicy, type PolicySchema } from './check-policies.ts'
import { readPolicy } from './read-policy.ts'
import type { PolicyProblem, SourcePolicy } from './source-policy.ts'

/** Everything that is wrong with policies: where some cannot be read, the others are type-checked all the same. */
export const everyProblem = (
  sources: readonly SourcePolicy[],
  schema: PolicySchema,
): { readonly problems: readonly PolicyProblem[]; readonly sound: readonly ParsedPolicy[] } => {
  const problems: PolicyProblem[] = []
  const readable = new Map<string, ParsedPolicy>()
  for (const source of sources) {
    const read = readPolicy(source)
    if (readable.has(source.id)) problems.push({ policy: source.id, message: 'another policy has this id' })
    else if ('problem' in read) problems.push(read.problem)
    else readable.set(source.id, { source, est: read.est })
  }
  const all = [...readable.values()]
  const checked = checkPolicies(all, schema)
  problems.push(...checked.problems)
  const wrong = new Set(problems.map(({ policy }) => policy))
  return { problems, sound: all.filter(({ source }) => !wrong.has(source.id)) }
}
