import { z } from 'zod'
import { Line } from '../kit/text.ts'

const JobInput = z.strictObject({
  identity: Line(63).optional().describe('as which identity of the folder it acts'),
  permissions: z
    .union([z.enum(['read-all', 'write-all', 'default']), z.record(z.string().max(60), z.enum(['read', 'write']))])
    .describe('of the automatic token, by scope; `default` where the workflow writes none'),
  environment: Line(300).optional().describe('the GitHub environment'),
  secrets: z.array(Line(120)).max(200).optional().describe('names; `*` for all, and for one whose name is worked out'),
  assumes: z.array(Line(400)).max(50).optional().describe('roles and accounts that it becomes by its OIDC token'),
})

/** What the jobs of a GitHub workflow are handed. It is compared with the workflow where both lie, by `reeve validate`. */
export const WorkflowInput = z.strictObject({
  workflow: z
    .string()
    .max(200)
    .regex(/^[^/\\]+\.ya?ml$/, 'is the name of a file in .github/workflows, such as deploy.yml'),
  jobs: z.record(z.string().max(200), JobInput),
})
