import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { PARTS } from '../declared-objects.ts'
import { DirectoryInput } from '../directory.ts'
import { type FragmentParts, outsideOf } from '../fragment-rules.ts'
import { fragmentOf, placed } from '../fragment-scope.ts'
import { LintView } from '../lint/access-lint.ts'
import { neverEqualLints } from '../lint/never-equal.ts'
import { referenceProblems } from '../reference-problems.ts'
import { type DirectoryReview, reviewDirectory, type UnjudgedDirectory } from '../review-directory.ts'
import { operation } from '../room.ts'
import { fragmentFields } from '../shapes-fragment.ts'
import { Origins } from './plan-access.ts'

const PROBLEMS_MAX = 1_000

// Each object is judged by itself, so that one that is misshapen hides nothing of the others.
const anything = (max: number) => z.array(z.unknown()).max(max).default([])

/** Says everything that is wrong with a directory at once, and what its policies are likely not to mean. */
export const validateAccess = operation.write({
  name: 'policy.access.validate',
  summary: 'say everything that is wrong with a directory, and lint its policies; nothing is changed',
  input: z.strictObject({
    directory: DirectoryInput.shape.directory,
    ...fragmentFields,
    reportOnlyDays: DirectoryInput.shape.reportOnlyDays,
    fragments: anything(500),
    teams: anything(2_000),
    identities: anything(10_000),
    resources: anything(2_000),
    applications: anything(200),
    bundles: anything(2_000),
    grants: anything(20_000),
    policies: anything(2_000),
    tests: anything(5_000),
    origins: Origins,
  }),
  output: z.object({
    isValid: z.boolean(),
    problems: z
      .array(
        z.object({
          part: z.enum([...PARTS.map(([part]) => part), 'tests']).describe('of the input'),
          at: z.number().nullable().describe('its place in the list of the input; null where it is not of one object'),
          place: z.string().nullable().describe('the file and line'),
          message: z.string(),
        }),
      )
      .describe(`at most ${PROBLEMS_MAX}`),
    lints: z.array(LintView).describe(`of the policies that have no problem; at most ${PROBLEMS_MAX}`),
    areLintsComplete: z.boolean().describe('false: the policies are too many to compare each with every other'),
  }),
  faults: ['application_invalid', 'fragment_scope'],
  prepare: async ({ input, ports }) => reviewDirectory(ports, input),
  on: ({ input }) => ({ ...DEPLOYMENT, directory: input.directory }),
  run: async ({ tx, input: { origins, ...given }, prepared, ports }) => {
    const fragment = await fragmentOf(tx, given)
    const outside = fragment === undefined ? [] : await outsideOf(tx, ports, fragment, partsOf(given, prepared))
    const lints = [...prepared.lints, ...(await neverEqualLints(tx, ports, given, prepared))]
    const problems = [
      ...prepared.problems,
      ...(await referenceProblems(tx, ports, given, prepared)),
      ...outside.map((one) => ({ ...one, place: null })),
    ]
    const placed = problems.map((one) => ({
      ...one,
      place: one.place ?? (one.at === null ? null : (origins[one.part]?.[one.at] ?? null)),
    }))
    return {
      output: {
        isValid: problems.length === 0,
        problems: placed.slice(0, PROBLEMS_MAX),
        lints: lints.slice(0, PROBLEMS_MAX),
        areLintsComplete: prepared.isComplete,
      },
    }
  },
})

// What is misshapen is told of already; of teams, identities and tests only names are looked at.
const partsOf = (given: UnjudgedDirectory, { bundles, grants, policies }: DirectoryReview): FragmentParts => ({
  teams: placed(given.teams),
  resources: placed(given.resources),
  applications: placed(given.applications),
  fragments: placed(given.fragments),
  identities: placed(given.identities),
  tests: placed(given.tests),
  bundles,
  grants,
  policies,
})
