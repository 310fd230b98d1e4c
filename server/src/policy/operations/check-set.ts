import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { changedTexts } from '../put-texts.ts'
import { operation } from '../room.ts'
import { PolicyTextInput } from '../shapes.ts'

/** Checks policies without storing them: syntax, types against the registered resources, names. */
export const checkSet = operation.write({
  name: 'policy.set.check',
  summary: 'check policies against the registered resources, without storing them',
  input: z.strictObject({
    policies: z.array(PolicyTextInput).min(1).max(500),
    whole: z
      .boolean()
      .default(false)
      .describe('these are the whole set; else they take their places in the stored one'),
  }),
  output: z.object({
    isValid: z.boolean(),
    problems: z.array(
      z.object({
        policy: z.string(),
        file: z.string().nullable(),
        line: z.number().nullable(),
        message: z.string(),
      }),
    ),
  }),
  faults: [],
  prepare: async ({ input, ports }) => {
    const { base, check } = ports.memory
    const put = input.policies.map((text) => ({ ...text, directory: null }))
    return check({ texts: changedTexts(input.whole ? [] : base().stored.texts, { put, remove: [] }) })
  },
  on: () => DEPLOYMENT,
  run: async ({ prepared }) => {
    const problems = prepared.slice(0, 100).map(({ policy, file, line, message }) => ({
      policy,
      file: file ?? null,
      line: line ?? null,
      message,
    }))
    return { output: { isValid: problems.length === 0, problems } }
  },
})
