import { LINT_SEVERITIES, LINTS, type LintSeverity } from '@reeve/cedar'
import { z } from 'zod'

interface AccessLintSpec {
  readonly severity: LintSeverity
  readonly what: string
  readonly why: string
  readonly fix: string
}

/** What lints look for in grants and bundles; those that look at policies as well have the same name there. */
export const ACCESS_LINTS = {
  shadowed: {
    severity: LINTS.shadowed.severity,
    what: 'other grants of the identity, or policies, give whatever this grant gives, as long and under no more conditions',
    why: 'ending or narrowing it takes nothing away, so that somebody who takes access away by it takes nothing away',
    fix: 'remove it, or narrow the wider one',
  },
  'over-broad': {
    severity: LINTS['over-broad'].severity,
    what: 'a grant gives something privileged or impersonating under no condition, or a bundle reaches more than one environment',
    why: 'whoever gets hold of the credential may do it from anywhere at any time; and no identity has more than one environment, so that part of such a bundle is never meant for whoever holds it',
    fix: 'give the grant conditions (source networks, a time window, instances, credential kinds); make a bundle for each environment',
  },
  contradictory: {
    severity: LINTS.contradictory.severity,
    what: 'policies forbid its identity whatever this grant gives',
    why: 'a forbid always wins: one of the two says what nobody meant',
    fix: 'remove the grant, or make the exception in the forbid (`unless`)',
  },
  wildcard: {
    severity: LINTS.wildcard.severity,
    what: 'a grant, or a line of a bundle, gives every action of a resource',
    why: 'an action that the resource gets later is given from its first day',
    fix: 'name the actions',
  },
  'never-stated': {
    severity: LINTS['never-stated'].severity,
    what: 'a grant has a condition on a fact that is never stated of its identity, or that this server cannot state',
    why: 'what is not known does not hold, so that the grant never gives anything',
    fix: 'remove the condition; declare the pipeline of the identity with its stage; give the server a database of regions (`REEVE_GEO_DATABASE`)',
  },
  'never-equal': {
    severity: 'medium',
    what: 'a policy names an identity, a resource or a team by its name where ids are compared, or one that is not registered',
    why: 'it never matches what it names: what it is to permit is not permitted, and what it is to forbid is not forbidden',
    fix: 'write what the message says; a resource or a team may be named behind `in`',
  },
  untested: {
    severity: 'low',
    what: 'a policy or a grant decides in no test, or no test asks for an action of a resource',
    why: 'a change that breaks it, or lets somebody in by it, passes every test',
    fix: 'write a case in tests/ in which it decides, or that asks for the action; a property covers nothing',
  },
} as const satisfies Readonly<Record<string, AccessLintSpec>>

/** The name of a lint that looks at grants, bundles or tests. */
export type AccessLintName = keyof typeof ACCESS_LINTS

/** What a lint tells, as it is answered. */
export const LintView = z.object({
  lint: z
    .string()
    .describe(
      `${[...new Set([...Object.keys(LINTS), ...Object.keys(ACCESS_LINTS)])].join(', ')}, or one of a later version`,
    ),
  severity: z.enum(LINT_SEVERITIES),
  policy: z.string().describe('the policy, grant, bundle or action'),
  place: z.string().nullable().describe('the file and line'),
  message: z.string(),
  fix: z.string(),
})
/** What a lint tells. */
export type LintView = z.infer<typeof LintView>

/** What a lint tells of something that stands somewhere. */
export const accessLint = (
  lint: AccessLintName,
  { name: policy, place }: { readonly name: string; readonly place: string | null },
  message: string,
): LintView => ({ lint, severity: ACCESS_LINTS[lint].severity, policy, place, message, fix: ACCESS_LINTS[lint].fix })
