import { type LintedPolicy, type LintFinding, lintOneByOne } from '@reeve/cedar'
import type { z } from 'zod'
import type { FaultPlace } from '../kit/fault.ts'
import { inTurns } from '../kit/in-turns.ts'
import { inputPlaces } from '../kit/input-places.ts'
import { PARTS } from './declared-objects.ts'
import type { Resource } from './domain/resource.ts'
import { checkAhead, everyProblem, type SourcePolicy } from './engine/index.ts'
import { policyGround } from './lint/policy-ground.ts'
import { sourcesOf } from './memory/base.ts'
import { declaredApplication } from './put-application.ts'
import type { Declarations } from './reference-problems.ts'
import type { PolicyPorts } from './room.ts'
import { BundleInput, GrantInput, PolicyTextInput, ResourceInput } from './shapes.ts'
import { ApplicationInput } from './shapes-application.ts'
import { FragmentInput } from './shapes-fragment.ts'
import { AccessTest } from './testing/access-test.ts'

/** A directory as its files were read: nothing in it was judged yet. */
export interface UnjudgedDirectory {
  readonly directory: string
  readonly fragments: readonly unknown[]
  readonly teams: readonly unknown[]
  readonly identities: readonly unknown[]
  readonly resources: readonly unknown[]
  readonly applications: readonly unknown[]
  readonly bundles: readonly unknown[]
  readonly grants: readonly unknown[]
  readonly policies: readonly unknown[]
  readonly tests: readonly unknown[]
}

/** Something that is wrong with an object of a directory, or with a policy. */
export interface DirectoryProblem {
  readonly part: keyof Origins
  /** Its place in the list of its part. */
  readonly at: number | null
  /** The file and line, where a policy is meant. */
  readonly place: string | null
  readonly message: string
}

type Origins = Omit<UnjudgedDirectory, 'directory'>

/** What was found out about a directory, and what of it is shaped as it should be. */
export interface DirectoryReview {
  readonly problems: readonly DirectoryProblem[]
  readonly lints: readonly LintFinding[]
  /** Whether all policies were compared with each other. */
  readonly isComplete: boolean
  /** Its policies that have no problem. */
  readonly written: readonly LintedPolicy[]
  readonly resources: Declarations<ResourceInput>
  readonly bundles: Declarations<BundleInput>
  readonly grants: Declarations<GrantInput>
  readonly policies: Declarations<z.infer<typeof PolicyTextInput>>
}

/** Everything that is wrong with a directory by itself, at once, and what there is to say of its policies. */
export const reviewDirectory = async (ports: PolicyPorts, given: UnjudgedDirectory): Promise<DirectoryReview> => {
  const problems: DirectoryProblem[] = []
  const read = <Shape extends z.ZodType>(part: keyof Origins, shape: Shape): Declarations<z.infer<Shape>> =>
    given[part].flatMap((value, at) => {
      const parsed = shape.safeParse(value)
      if (parsed.success) return [{ at, value: parsed.data }]
      problems.push(...told(part, at, inputPlaces(parsed.error.issues)))
      return []
    })
  for (const [part, type] of [
    ['teams', 'team'],
    ['identities', 'identity'],
  ] as const)
    for (const [at, value] of given[part].entries())
      problems.push(...told(part, at, ports.appliers.misshapen(type, value)))
  read('fragments', FragmentInput)
  const resources = read('resources', ResourceInput)
  const applications = read('applications', ApplicationInput)
  const bundles = read('bundles', BundleInput)
  const grants = read('grants', GrantInput)
  const policies = read('policies', PolicyTextInput)
  read('tests', AccessTest)
  problems.push(...twice(given))
  const reviewed = await reviewPolicies(ports, given.directory, { resources, applications, policies })
  return { ...reviewed, problems: [...problems, ...reviewed.problems], resources, bundles, grants, policies }
}

const told = (part: keyof Origins, at: number, places: readonly FaultPlace[]): DirectoryProblem[] =>
  places.map(({ pointer, detail }) => {
    const field = pointer.split('/').filter(Boolean).join('.')
    return { part, at, place: null, message: field === '' ? detail : `${field}: ${detail}` }
  })

const twice = (given: UnjudgedDirectory): DirectoryProblem[] =>
  PARTS.flatMap(([part]) => {
    const seen = new Set<string>()
    return given[part].flatMap((value, at): DirectoryProblem[] => {
      const { identity, name, bundle, resource } = Object(value)
      const key = JSON.stringify(part === 'grants' ? [identity, name ?? bundle ?? resource] : [name])
      if (!seen.has(key)) {
        seen.add(key)
        return []
      }
      return [{ part, at, place: null, message: 'the same name stands twice' }]
    })
  })

const reviewPolicies = async (
  ports: PolicyPorts,
  directory: string,
  shaped: {
    readonly resources: Declarations<ResourceInput>
    readonly applications: Declarations<ApplicationInput>
    readonly policies: Declarations<z.infer<typeof PolicyTextInput>>
  },
) => {
  const { resources: declared, policies } = shaped
  const { stored } = ports.memory.base()
  const resources = [
    ...stored.resources.filter(({ name }) => !declared.some(({ value }) => value.name === name)),
    ...declared.map(({ value }): Resource => {
      const known = stored.resources.find(({ name }) => name === value.name)
      const environment = ports.environments.normal(value.environment)
      const id = known?.id ?? `res_${value.name}`
      return { ...value, id, environment, algorithm: value.tokenAlgorithm, servedBy: [], owner: null }
    }),
  ]
  const applications = [
    ...stored.applications.filter(
      (one) => one.directory !== directory && !shaped.applications.some(({ value }) => value.name === one.name),
    ),
    ...shaped.applications.map(({ value }) => declaredApplication(value, value.name, directory)),
  ]
  const schema = ports.memory.schemaOf(resources, applications)
  if (!schema.ok)
    return {
      problems: schema.problems.map(({ message }) => ofSet('resources', message)),
      ...{ written: [], lints: [], isComplete: true },
    }
  const names = new Set(policies.map(({ value }) => value.name))
  const own = sourcesOf(policies.map(({ value }) => ({ ...value, directory })))
  const others = stored.texts.filter((text) => text.directory !== directory && !names.has(text.name))
  const elsewhere = sourcesOf(others).sources
  const all = [...elsewhere, ...own.sources]
  await checkAhead(all, schema.schema)
  const judged = everyProblem(all, schema.schema)
  const byId = new Map(own.sources.map((source) => [source.id, source]))
  const isElsewhere = new Set(elsewhere)
  const problems = [...own.problems, ...judged.problems].map((problem): DirectoryProblem => {
    const source = byId.get(problem.policy)
    const file = 'file' in problem && typeof problem.file === 'string' ? problem.file : source?.origin.file
    const line = problem.line ?? source?.origin.line
    return { ...ofSet('policies', problem.message), place: placeOf(file, line) }
  })
  const linted = judged.sound.map(({ source, est }): LintedPolicy => {
    const place = placeOf(source.origin.file, ruleLine(source))
    return { id: source.id, est, place, isElsewhere: isElsewhere.has(source) }
  })
  const ground = policyGround(schema.schema, { resources, applications, knowsRegions: ports.knowsRegions })
  const found = await inTurns(lintOneByOne(linted, ground), LINTED_PER_TURN)
  return { problems, written: linted.filter((one) => one.isElsewhere !== true), ...found }
}

// One is compared with every other: of a thousand that takes a ms or two.
const LINTED_PER_TURN = 20

const ofSet = (part: keyof Origins, message: string): DirectoryProblem => ({ part, at: null, place: null, message })

const placeOf = (file: string | undefined, line: number | undefined): string | null =>
  file === undefined ? null : line === undefined ? file : `${file}:${line}`

// Comments stand before a policy, and belong to it; what a person looks for is the rule.
const ruleLine = ({ text, origin }: SourcePolicy): number => {
  const lines = text.split('\n')
  const at = lines.findIndex((line) => line.trim() !== '' && !line.trim().startsWith('//'))
  return (origin.line ?? 1) + Math.max(0, at)
}
