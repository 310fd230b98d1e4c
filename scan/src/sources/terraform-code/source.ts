import { awsKey } from '../../aws/sighting.ts'
import { guessEnvironment } from '../../environment.ts'
import type { ScannedFile } from '../../file.ts'
import { textOf } from '../../json-value.ts'
import type { Location, Trait } from '../../report.ts'
import type { ReadGroup, SightingDraft, Source, SourceAnswer, SourceTools } from '../../source.ts'
import { terraformSightings } from '../terraform-state/sightings.ts'
import { type Folder, foldersOf, isCodeFile } from './folders.ts'
import { type CodeResource, type Left, readCode } from './read-code.ts'
import { rootsOf } from './roots.ts'

/** Code of Terraform and OpenTofu: the identities that it will make, what it gives them, and whom they will trust. */
export const terraformCodeSource: Source = {
  name: 'terraform-code',
  wants: isCodeFile,
  read: (file, tools) => together(readTogether([file]), tools),
  readTogether: (files) => readTogether(files),
}

const STEPS_OF_ALL_MAX = 20_000_000
const RESOURCES_OF_ALL_MAX = 50_000

function* readTogether(files: readonly ScannedFile[]): Generator<ReadGroup, void> {
  const { folders, problems: ofFiles } = foldersOf(files)
  const { roots, problems: ofCalls } = rootsOf(folders)
  yield () => ({ sightings: [], problems: [...ofFiles, ...ofCalls] })
  const left: Left = { steps: STEPS_OF_ALL_MAX, resources: RESOURCES_OF_ALL_MAX }
  for (const root of roots) {
    yield (tools) => {
      const { resources, problems } = readCode(root, { folders, left })
      const told = sightingsOf(root, resources, tools)
      return { sightings: told.sightings, problems: [...problems, ...told.problems] }
    }
  }
}

const together = (groups: Iterable<ReadGroup>, tools: SourceTools): SourceAnswer => {
  const answers = [...groups].map((read) => read(tools))
  return {
    sightings: answers.flatMap(({ sightings }) => sightings),
    problems: answers.flatMap(({ problems }) => problems),
  }
}

const sightingsOf = (root: Folder, resources: readonly CodeResource[], tools: SourceTools): SourceAnswer => {
  const [first] = root.blocks
  if (!first) return { sightings: [], problems: [] }
  const byResource = new Map(resources.map((resource) => [resource.address, resource]))
  const fileOf = (address: string): ScannedFile => byResource.get(address)?.file ?? first.file
  const keyOf = (address: string): string => byResource.get(address)?.key ?? ''
  const placed = placesIn(resources)
  const told = terraformSightings(
    { resources, outputs: [] },
    {
      file: first.file,
      tools,
      places: {
        of: ({ address }) => fileOf(address).at(byResource.get(address)?.line ?? 1),
        ofText: (text, resource) => placed(text, resource ? fileOf(resource.address) : first.file),
      },
      environment: null,
      secretTrait: 'terraform:secret-in-code',
      addressOf: ({ address, attributes }) => ({ key: keyOf(address), arn: textOf(attributes, 'arn') }),
    },
  )
  // By key: what a run alone would tell of how many there are.
  const unknowns = new Map(
    resources.flatMap(({ unknown, key, attributes }) => {
      const keys = [key, awsKey(textOf(attributes, 'arn')), `gcp:${textOf(attributes, 'email')}`]
      return unknown === undefined ? [] : keys.map((one) => [one, unknown] as const)
    }),
  )
  const all = [...told.sightings, ...resources.flatMap(staticKey)]
  return {
    sightings: all.map((draft) => inItsPlace(draft, root, unknowns.get(draft.stableKey))),
    problems: told.problems,
  }
}

const inItsPlace = (draft: SightingDraft, root: Folder, unknown: string | undefined): SightingDraft => ({
  ...draft,
  environment: draft.environment ?? environmentAt(draft.where, root),
  evidence: unknown === undefined ? draft.evidence : [...draft.evidence, `how many there are: ${unknown}`],
})

// A module has no environment but that of the root that calls it.
const environmentAt = ({ path }: Location, root: Folder): SightingDraft['environment'] =>
  guessEnvironment([
    { name: path.slice(path.lastIndexOf('/') + 1), what: "the file's name" },
    { name: root.repositoryPath, what: 'the path' },
  ])

// Where a text stands: in the file of the resource that has it, or else wherever its value was written.
const placesIn = (resources: readonly CodeResource[]) => {
  const files = [...new Set(resources.map(({ file }) => file))]
  let searchesLeft = SEARCHES_MAX
  return (text: string, own: ScannedFile): Location | undefined => {
    const written = JSON.stringify(text).slice(1, -1)
    for (const file of [own, ...files]) {
      searchesLeft -= 1
      const at = searchesLeft < 0 ? -1 : file.bytes.indexOf(written)
      if (at !== -1) return file.at(file.lineAt(at))
    }
    return undefined
  }
}

const SEARCHES_MAX = 2000

// A key that code makes is new at every run and old ever after: nothing in it says when it ends.
const staticKey = ({ type, attributes, address, file, line, key }: CodeResource): SightingDraft[] => {
  if (type !== 'aws_iam_access_key') return []
  const where = file.at(line)
  const trait: Trait = { trait: 'terraform:static-key', detail: address, where }
  return [
    {
      kind: 'account',
      name: `access key ${address} of ${textOf(attributes, 'user') || 'a user'}`,
      stableKey: key,
      where,
      reaches: [],
      evidence: [`${type} ${address}`],
      environment: null,
      traits: [trait],
    },
  ]
}
