import type { ScannedFile } from '../../file.ts'
import type { HclBlock } from '../../hcl/hcl-body.ts'
import { readHcl } from '../../hcl/read-hcl.ts'
import { readJson } from '../../json-file.ts'
import { textOf } from '../../json-value.ts'
import type { Problem, Trait } from '../../report.ts'
import type { SightingDraft, Source, SourceAnswer } from '../../source.ts'
import { environmentOf, terraformSightings } from '../terraform-state/sightings.ts'
import { blocksOfJson } from './json-code.ts'
import { type CodeResource, moduleKey, readCode, standInArn } from './read-code.ts'

/** Code of Terraform and OpenTofu: the identities that it will make, what it gives them, and whom they will trust. */
export const terraformCodeSource: Source = {
  name: 'terraform-code',
  wants: (file) => isCode(file) || isJsonCode(file),
  read(file, tools): SourceAnswer {
    const { blocks, problems } = isCode(file) ? codeIn(file) : jsonIn(file)
    const keyOf = (address: string) => moduleKey(file.repository, file.repositoryPath, address)
    const all = readCode(blocks, keyOf)
    const resources = all.slice(0, RESOURCES_MAX)
    const lines = new Map(resources.map(({ address, line }) => [address, line]))
    const told = terraformSightings(
      { resources, outputs: [] },
      {
        file,
        tools,
        places: {
          of: ({ address }) => file.at(lines.get(address) ?? 1),
          ofText: (text) => placeOf(file, text),
        },
        environment: environmentOf(file),
        secretTrait: 'terraform:secret-in-code',
        addressOf: ({ address, type }) => ({
          key: keyOf(address),
          ...(type.startsWith('aws_iam_') ? { arn: standInArn(type, keyOf(address)) } : {}),
        }),
      },
    )
    const detail = `more resources than are read: ${all.length - resources.length} left out`
    return {
      sightings: [...told.sightings, ...resources.flatMap((resource) => staticKey(resource, file, keyOf))],
      problems: [
        ...problems,
        ...told.problems,
        ...(all.length > resources.length ? [{ path: file.path, reason: 'too-many' as const, detail }] : []),
      ],
    }
  },
}

const RESOURCES_MAX = 10_000

const isCode = ({ extension }: ScannedFile): boolean => extension === 'tf' || extension === 'tofu'
const isJsonCode = ({ baseName }: ScannedFile): boolean => /\.(?:tf|tofu)\.json$/.test(baseName)

interface Blocks {
  readonly blocks: readonly HclBlock[]
  readonly problems: readonly Problem[]
}

const codeIn = (file: ScannedFile): Blocks => {
  const { body, problems } = readHcl(file)
  return { blocks: body.blocks, problems }
}

const jsonIn = (file: ScannedFile): Blocks => {
  const { root, problems } = readJson(file)
  return { blocks: root ? blocksOfJson(root) : [], problems }
}

const placeOf = (file: ScannedFile, text: string) => {
  const at = file.bytes.indexOf(JSON.stringify(text).slice(1, -1))
  return at === -1 ? undefined : file.at(file.lineAt(at))
}

// A key that code makes is new at every run and old ever after: nothing in it says when it ends.
const staticKey = (
  { type, attributes, address, line }: CodeResource,
  file: ScannedFile,
  keyOf: (address: string) => string,
): SightingDraft[] => {
  if (type !== 'aws_iam_access_key') return []
  const where = file.at(line)
  const trait: Trait = { trait: 'terraform:static-key', detail: address, where }
  return [
    {
      kind: 'account',
      name: `access key ${address} of ${textOf(attributes, 'user') || 'a user'}`,
      stableKey: keyOf(address),
      where,
      reaches: [],
      evidence: [`${type} ${address}`],
      environment: environmentOf(file),
      traits: [trait],
    },
  ]
}
