import { LINT_SEVERITIES, LINTS } from '@reeve/cedar'
import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { PARTS } from '../declared-objects.ts'
import { DirectoryInput } from '../directory.ts'
import { referenceProblems } from '../reference-problems.ts'
import { reviewDirectory } from '../review-directory.ts'
import { operation } from '../room.ts'
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
    lints: z
      .array(
        z.object({
          lint: z.string().describe(`${Object.keys(LINTS).join(', ')}, or one of a later version`),
          severity: z.enum(LINT_SEVERITIES),
          policy: z.string(),
          place: z.string().nullable().describe('the file and line'),
          message: z.string(),
          fix: z.string(),
        }),
      )
      .describe(`of the policies that have no problem; at most ${PROBLEMS_MAX}`),
    areLintsComplete: z.boolean().describe('false: the policies are too many to compare each with every other'),
  }),
  faults: ['application_invalid'],
  prepare: async ({ input, ports }) => reviewDirectory(ports, input),
  on: () => DEPLOYMENT,
  run: async ({ tx, input: { origins, ...given }, prepared, ports }) => {
    const problems = [...prepared.problems, ...(await referenceProblems(tx, ports, given, prepared))]
    const placed = problems.map((one) => ({
      ...one,
      place: one.place ?? (one.at === null ? null : (origins[one.part]?.[one.at] ?? null)),
    }))
    return {
      output: {
        isValid: problems.length === 0,
        problems: placed.slice(0, PROBLEMS_MAX),
        lints: prepared.lints.slice(0, PROBLEMS_MAX),
        areLintsComplete: prepared.isComplete,
      },
    }
  },
})
