import { z } from 'zod'

const Place = z.string().nullable().describe('the file and line')

const Covered = { total: z.number(), tested: z.number() }

/** How the tests of a directory ended, and what they leave untested. */
export const TestedView = z.object({
  tests: z.array(
    z.object({
      at: z.number().describe('its place in the list of the input'),
      name: z.string(),
      kind: z.enum(['case', 'property']),
      isPassed: z.boolean(),
      wrong: z.array(z.string()).describe('why it failed, in sentences'),
      decided: z
        .object({ outcome: z.enum(['allow', 'deny']), policies: z.array(z.string()), missing: z.array(z.string()) })
        .nullable()
        .describe('what was decided of a case; null where there was nothing to decide'),
      pairs: z.number().nullable().describe('how many actions of how many identities a property was held against'),
      place: Place,
    }),
  ),
  coverage: z.object({
    policies: z.object({
      ...Covered,
      untested: z
        .array(z.object({ name: z.string(), place: Place }))
        .describe('policies and grants of the directory that decided in no case'),
    }),
    actions: z.object({
      ...Covered,
      untested: z
        .array(z.object({ resource: z.string(), action: z.string(), place: Place }))
        .describe("actions of the directory's resources that no case asks for"),
    }),
  }),
})
/** How the tests of a directory ended. */
export type TestedView = z.infer<typeof TestedView>
/** How one test ended, without its place. */
export type TestView = Omit<TestedView['tests'][number], 'place' | 'at'>
