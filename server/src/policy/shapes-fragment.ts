import { z } from 'zod'
import { Line } from '../kit/text.ts'
import { resourceFields } from './shapes.ts'

/** The name of a directory of access as code. */
export const DirectoryName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9][a-z0-9._-]*$/)

const Name = resourceFields.name

/** What another repository may declare of its own, in a fragment under this name. */
export const FragmentInput = z.strictObject({
  name: DirectoryName.describe('of the fragment, as its reeve.yaml says it'),
  repository: Line(200).optional().describe('where it lies; another one is refused where the CLI says which it is'),
  prefix: z
    .string()
    .min(2)
    .max(40)
    .regex(/^[a-z0-9][a-z0-9._-]*$/)
    .describe('what the names of its identities, bundles and policies begin with'),
  teams: z.array(Name).min(1).max(50).describe('teams, by name, to which its identities may belong'),
  resources: z.array(Name).max(200).default([]).describe('resources, by name, on which it may give access'),
  bundles: z.array(Name).max(200).default([]).describe('bundles of others, by name, which it may grant'),
})
/** What another repository may declare. */
export type FragmentInput = z.infer<typeof FragmentInput>

/** What a directory says of itself beside its objects. */
export const fragmentFields = {
  fragmentOf: DirectoryName.optional().describe('it is a fragment of this directory, which lists it and its scope'),
  repository: Line(200).optional().describe('the repository that it comes from, as the CLI was told'),
}
