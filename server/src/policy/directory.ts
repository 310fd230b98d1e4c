import { z } from 'zod'
import type { FaultPlace } from '../kit/fault.ts'
import type { FieldChange } from '../ledger/event.ts'
import type { Application } from './domain/application.ts'
import { MODE_DAYS_MAX, type PolicyText } from './domain/policy-set.ts'
import type { Resource } from './domain/resource.ts'
import { policyFault } from './faults.ts'
import { declaredApplication } from './put-application.ts'
import { assertValid } from './put-texts.ts'
import type { PolicyPorts } from './room.ts'
import { BundleInput, GrantInput, PolicyTextInput, ResourceInput } from './shapes.ts'
import { ApplicationInput } from './shapes-application.ts'
import { DirectoryName, FragmentInput, fragmentFields } from './shapes-fragment.ts'
import { AccessTest } from './testing/access-test.ts'

// What is declared of teams and identities is inventory's to judge; here it only has a name and a bound.
const Declared = z.looseObject({ name: z.string().min(1).max(100) })

/** A directory of access as code, as its files were read. */
export const DirectoryInput = z.strictObject({
  directory: DirectoryName.default('main').describe(
    'whose grants and policies are ended when they are no longer declared',
  ),
  ...fragmentFields,
  reportOnlyDays: z
    .int()
    .min(0)
    .max(MODE_DAYS_MAX)
    .optional()
    .describe(
      'for how many days the first import is report-only: what its identities that a scan saw are refused at the resources that it registers is recorded and not enforced; 14 if left out, 0 to enforce at once',
    ),
  fragments: z.array(FragmentInput).max(500).default([]).describe('what other repositories may declare of their own'),
  teams: z.array(Declared).max(2_000).default([]),
  identities: z.array(Declared).max(10_000).default([]),
  resources: z.array(ResourceInput).max(2_000).default([]),
  applications: z.array(ApplicationInput).max(200).default([]),
  bundles: z.array(BundleInput).max(2_000).default([]),
  grants: z.array(GrantInput).max(20_000).default([]),
  policies: z.array(PolicyTextInput).max(2_000).default([]),
  tests: z.array(AccessTest).max(5_000).default([]).describe('what must be so when it is applied; else it is refused'),
})
/** A directory of access as code. */
export type DirectoryInput = z.infer<typeof DirectoryInput>

const TYPES = ['fragment', 'team', 'identity', 'resource', 'application', 'bundle', 'grant', 'policy'] as const

/** What happened, or would happen, to one declared object. */
export const AppliedView = z.object({
  type: z.enum(TYPES),
  id: z.string().nullable(),
  name: z.string(),
  verb: z
    .enum(['created', 'changed', 'unchanged', 'removed', 'left'])
    .describe("`left`: no longer declared, and not the directory's to end"),
  fields: z.array(z.object({ field: z.string(), before: z.string().nullable(), after: z.string().nullable() })),
  at: z.number().nullable().describe('its place in the list of the input; null where it is not declared'),
})
/** What happened to one declared object. */
export type AppliedView = z.infer<typeof AppliedView>

/** Why an object would change: its directory changed, or what was applied was changed outside of it. */
export const PlannedView = AppliedView.extend({
  place: z.string().nullable().describe('the file and line that declares it'),
  cause: z.enum(['directory', 'outside']).nullable().describe('who changed it; null where nothing changes'),
})
/** An object of a plan. */
export type PlannedObject = z.infer<typeof PlannedView>

/** What happened to an object; fields and a place in the input only where there are any. */
export const appliedView = (
  view: Pick<AppliedView, 'type' | 'id' | 'name' | 'verb'> & {
    readonly fields?: readonly FieldChange[]
    readonly at?: number
  },
): AppliedView => ({ ...view, fields: [...(view.fields ?? [])], at: view.at ?? null })

/** Judges a directory before anything is begun: names, and the policies against what will be registered. */
export const prepareDirectory = async (
  ports: PolicyPorts,
  input: DirectoryInput,
): Promise<{ readonly judgedOn: string }> => {
  assertNamedOnce(input)
  const { base, check, checkNames, digestOf } = ports.memory
  const now = base().stored
  const { resources: known, texts: stored } = now
  const declared = input.resources.map(
    (resource): Resource => ({
      ...resource,
      id: known.find(({ name }) => name === resource.name)?.id ?? `res_${resource.name}`,
      environment: ports.environments.normal(resource.environment),
      algorithm: resource.tokenAlgorithm,
      servedBy: [],
      owner: null,
    }),
  )
  const others = known.filter(({ name }) => !declared.some((resource) => resource.name === name))
  const resources = [...others, ...declared]
  const [collision] = checkNames(resources)
  if (collision !== undefined) throw policyFault('resource_action', { about: collision.message })
  const texts = textsAfter(stored, input)
  const applications = applicationsAfter(now.applications, input)
  const set = { texts, resources, applications }
  assertValid(await check(set))
  return { judgedOn: digestOf(set) }
}

// The whole set after a directory took the place of what it declared before.
const textsAfter = (stored: readonly PolicyText[], input: DirectoryInput): readonly PolicyText[] => {
  const declared = declaredTexts(input)
  const names = new Set(declared.map(({ name }) => name))
  const others = stored.filter(({ name, directory }) => directory !== input.directory && !names.has(name))
  return [...others, ...declared].sort((one, other) => (one.name < other.name ? -1 : 1))
}

// Types are asked about by their names alone, so one name stands for one type everywhere.
/** The applications after a directory took the place of what it declared before; throws where two declare one type. */
export const applicationsAfter = (stored: readonly Application[], input: DirectoryInput): readonly Application[] => {
  const declared = input.applications.map((one) => declaredApplication(one, one.name, input.directory))
  const names = new Set(declared.map(({ name }) => name))
  const kept = stored.filter(({ name, directory }) => directory !== input.directory && !names.has(name))
  const seen = new Map<string, string>()
  for (const { name, subjects, resources } of [...kept, ...declared])
    for (const { type } of [...subjects, ...resources]) {
      const other = seen.get(type)
      if (other !== undefined) throw policyFault('application_invalid', { about: `${type} is a type of ${other} too` })
      seen.set(type, name)
    }
  return [...kept, ...declared]
}

/** The texts that a directory declares. */
export const declaredTexts = (input: DirectoryInput): readonly PolicyText[] =>
  input.policies.map((text) => ({ ...text, directory: input.directory }))

const assertNamedOnce = (input: DirectoryInput): void => {
  const places: FaultPlace[] = []
  const lists = [
    ['fragments', input.fragments.map(({ name }) => name)],
    ['teams', input.teams.map(({ name }) => name)],
    ['identities', input.identities.map(({ name }) => name)],
    ['resources', input.resources.map(({ name }) => name)],
    ['applications', input.applications.map(({ name }) => name)],
    ['bundles', input.bundles.map(({ name }) => name)],
    [
      'grants',
      input.grants.map((grant) => JSON.stringify([grant.identity, grant.name ?? grant.bundle ?? grant.resource])),
    ],
    ['policies', input.policies.map(({ name }) => name)],
  ] as const
  for (const [list, names] of lists) {
    const seen = new Set<string>()
    for (const [at, name] of names.entries()) {
      if (seen.has(name)) places.push({ pointer: `/${list}/${at}`, detail: `${name} stands twice` })
      seen.add(name)
    }
  }
  if (places.length > 0)
    throw policyFault('apply_name', { places: places.slice(0, 20), about: places[0]?.detail ?? '' })
}
