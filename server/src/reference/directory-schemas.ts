import { z } from 'zod'
import { wireSchema } from '../edge/http/openapi.ts'
import { IdentityInput } from '../inventory/identity-shape.ts'
import { TeamInput } from '../inventory/team-shape.ts'
import { DirectoryInput } from '../policy/directory.ts'
import { BundleInput, GrantInput, ResourceInput } from '../policy/shapes.ts'
import { ApplicationInput } from '../policy/shapes-application.ts'
import { WorkflowInput } from '../policy/shapes-workflow.ts'
import { AccessTest } from '../policy/testing/access-test.ts'

const { fragments, fragmentOf, repository, reportOnlyDays } = DirectoryInput.shape
const Main = z.strictObject({
  version: z.literal(1),
  name: DirectoryInput.shape.directory.unwrap(),
  fragments,
  fragmentOf,
  repository,
  reportOnlyDays,
})

/** What stands in the YAML files of a directory of access as code, kind by kind: the very shapes that apply parses. */
const KINDS: Readonly<Record<string, z.ZodType>> = {
  reeve: Main,
  team: TeamInput,
  identity: IdentityInput,
  resource: ResourceInput,
  application: ApplicationInput,
  bundle: BundleInput,
  grant: GrantInput,
  test: AccessTest,
  workflow: WorkflowInput,
}

/** The JSON Schema of each kind of file, by its file name. A file holds one object, or a list of them. */
export const directorySchemas = (): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(KINDS).map(([kind, shape]) => {
      const { $defs, ...one } = wireSchema(shape, 'input')
      const schema = {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        title: kind === 'reeve' ? 'reeve.yaml' : `${kind} of access as code`,
        ...(kind === 'reeve' ? one : { anyOf: [one, { type: 'array', items: one }] }),
        ...($defs === undefined ? {} : { $defs }),
      }
      return [`${kind}.schema.gen.json`, `${JSON.stringify(schema, null, 1)}\n`]
    }),
  )

/** All of them in one file, by kind, for `reeve init`, which writes them beside the files that name them. */
export const directorySchemasTogether = (): string =>
  `${JSON.stringify(
    Object.fromEntries(
      Array.from(directorySchemas(), ([file, text]) => [file.replace(/\.schema\.gen\.json$/, ''), JSON.parse(text)]),
    ),
  )}\n`
