import { createHash } from 'node:crypto'
import type { Entity } from '@reeve/cedar'
import { builtinDigest, builtinPolicies } from '../builtin-policies.ts'
import { controlSchema } from '../control-schema.ts'
import type { Application } from '../domain/application.ts'
import type { Bundle } from '../domain/bundle.ts'
import type { PolicyText, ReportOnly } from '../domain/policy-set.ts'
import type { Resource } from '../domain/resource.ts'
import { openTypesOf } from '../domain/separation.ts'
import {
  type CompiledEngine,
  checkAhead,
  checkSchema,
  compileEngine,
  type Deciding,
  type Engine,
  type PolicyProblem,
  type PolicySchema,
  policiesFromText,
  type ReadyPart,
  readyPart,
  type SourcePolicy,
  separationId,
} from '../engine/index.ts'
import type { KnownOperation } from '../operation-access.ts'
import { DEPLOYMENT_ENTITY, resourceEntity } from './entities.ts'
import type { Register } from './grant-sources.ts'
import { createPermittedSeparations, type PermittedSeparations } from './permitted-separations.ts'

/** What is stored, as far as it concerns everybody. */
export interface Stored {
  readonly texts: readonly PolicyText[]
  readonly resources: readonly Resource[]
  readonly bundles: readonly Bundle[]
  readonly modes: readonly ReportOnly[]
  readonly applications: readonly Application[]
}

/** What all decisions stand on; replaced as a whole, never changed. Grants are added to its engines. */
export interface Base extends Register {
  readonly revision: string
  readonly stored: Stored
  /** The policies that are enforced. */
  readonly enforced: Engine
  /** Those and the report-only ones; the same engine where there are none. */
  readonly trial: Engine
  readonly resourceByUri: ReadonlyMap<string, Resource>
  readonly entities: ReadonlyMap<string, Entity>
  /** What the entities of a request for each resource are whoever asks, read once. */
  readonly ready: ReadonlyMap<string, ReadyPart | undefined>
  readonly servedBy: ReadonlyMap<string, readonly Resource[]>
  /** The forbids that permits of what is sensitive bring with them; each is enforced as its permit is. */
  readonly separations: readonly SourcePolicy[]
  /** Until when each thing is report-only towards everything, in ms since 1970. */
  readonly reportOnly: ReadonlyMap<string, number>
  /** What the first import of a directory made report-only towards what else it brought, and until when. */
  readonly imported: ReadonlyMap<string, { readonly within: string; readonly untilMs: number }>
  /** The moments at which something ceases to be report-only. */
  readonly modeEndsMs: readonly number[]
}

/** What is wrong with a policy, and the file that it stands in. */
export type SetProblem = PolicyProblem & { readonly file?: string }

/** A base, or everything that is wrong with what it would have been made of. */
export type Built =
  | { readonly ok: true; readonly base: Base }
  | { readonly ok: false; readonly problems: readonly SetProblem[] }

/** Makes bases of what is stored, for these operations; keeps what it compiled for the next one. */
export interface BaseBuilder {
  /**
   * Never throws, whatever was stored. What is in store had its schema judged when it was asked for, or is a resource,
   * whose actions make no proper schema improper: that again would be a tenth of a start.
   */
  build(stored: Stored, from: 'asked' | 'store'): Built
  /** Has the texts type-checked a few at a time, with others served between, so that `build` need not do it at once. */
  checkAhead(stored: Stored): Promise<void>
}

/** A builder that has compiled nothing yet. */
export const createBaseBuilder = (operations: readonly KnownOperation[], deciding: Deciding = {}): BaseBuilder => {
  let kept: { readonly schema: string; readonly engine: Engine } | undefined
  let judged: string | undefined
  let last: { readonly on: Engine; readonly sources: readonly SourcePolicy[]; readonly engine: Engine } | undefined
  /** What is written, on top of the built-in rules; what the last set had already is not checked again. */
  const written = (on: Engine, sources: readonly SourcePolicy[]): CompiledEngine => {
    const change = last?.on === on ? changeOf(last.sources, sources) : undefined
    const compiled = (change === undefined ? on : (last?.engine ?? on)).with(change ?? { add: sources })
    if (compiled.ok) last = { on, sources, engine: compiled.engine }
    return compiled
  }
  /** The built-in rules under this schema: they are read again only where the schema changed. */
  const builtins = (schema: PolicySchema, from: 'asked' | 'store'): CompiledEngine => {
    const key = JSON.stringify(schema)
    const problems = from === 'store' || judged === key ? [] : checkSchema(schema)
    if (problems.length > 0) return { ok: false, problems }
    if (from === 'asked') judged = key
    if (kept?.schema === key) return { ok: true, engine: kept.engine }
    const compiled = compileEngine({ policies: builtinPolicies, schema, ...deciding })
    if (compiled.ok) kept = { schema: key, engine: compiled.engine }
    return compiled
  }
  const separationsOf = createPermittedSeparations()
  const schemaOf = ({ resources, applications }: Stored) => controlSchema(resources, operations, applications)
  return {
    build: (stored, from) => {
      try {
        const schema = schemaOf(stored)
        return schema.ok ? build(stored, builtins(schema.schema, from), written, separationsOf) : schema
      } catch {
        return refused('the policy set cannot be read')
      }
    },
    checkAhead: async (stored) => {
      try {
        const schema = schemaOf(stored)
        if (schema.ok) await checkAhead(sourcesOf(stored.texts).sources, schema.schema)
      } catch {
        // What cannot be read is told by whoever builds with it.
      }
    },
  }
}

/** Names a set of texts and the built-in rules that decided with it. */
export const revisionOf = (texts: readonly PolicyText[]): string => {
  const parts = texts.map(({ name, file, text }) => [name, file, text])
  return `${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)}.${builtinDigest}`
}

/** The policies of the texts, each with its file and line, or why a text is no proper file of policies. */
export const sourcesOf = (texts: readonly PolicyText[]): { sources: SourcePolicy[]; problems: SetProblem[] } => {
  const sources: SourcePolicy[] = []
  const problems: SetProblem[] = []
  let length = 0
  for (const text of texts) {
    length += text.text.length
    const problem = textProblem(text)
    if (problem !== undefined) problems.push({ policy: text.name, message: problem, file: String(text.file) })
    else if (length <= SET_LENGTH_MAX) sources.push(...policiesFromText(text.text, text.file))
  }
  if (length > SET_LENGTH_MAX) problems.push({ policy: '', message: `the texts are longer than ${SET_LENGTH_MAX}` })
  for (const { id, origin } of sources)
    if (RESERVED.test(id))
      problems.push({ policy: id, message: 'an id may not begin with grt_, pol_ or reeve:', ...placeOf(origin) })
  return { sources, problems }
}

/** How a thing that is report-only is kept. */
export const modeKey = (kind: string, target: string): string => `${kind} ${target}`

/** Whether a policy may never be report-only: the built-in ones, critical ones, and those annotated `@guardrail`. */
export const isGuardrail = (source: SourcePolicy): boolean =>
  source.kind === 'builtin' || source.isCritical === true || /@(?:guardrail|critical)\b/.test(source.text)

// What the server names itself must not be taken by a file: grants by their ids, the built-in rules by their prefix.
const RESERVED = /^(?:grt_|reeve:|pol_)/
const SET_LENGTH_MAX = 4 * 1024 * 1024

const refused = (message: string): Built => ({ ok: false, problems: [{ policy: '', message }] })

const textProblem = (text: PolicyText): string | undefined => {
  if (typeof text.text !== 'string' || typeof text.file !== 'string') return 'the policy text is no text'
  if (text.text.trim() === '') return 'the policy text is empty'
  return text.text.isWellFormed() ? undefined : 'the policy text is not valid Unicode'
}

const placeOf = ({ file, line }: SourcePolicy['origin']): { file?: string; line?: number } => ({
  ...(file === undefined ? {} : { file }),
  ...(line === undefined ? {} : { line }),
})

// What one set must be changed by to be the other; undefined where an id stands twice, which only a whole check tells.
const changeOf = (
  before: readonly SourcePolicy[],
  after: readonly SourcePolicy[],
): { readonly add: readonly SourcePolicy[]; readonly remove: readonly string[] } | undefined => {
  const known = new Map(before.map((source) => [source.id, JSON.stringify(source)]))
  const ids = new Set(after.map(({ id }) => id))
  if (ids.size < after.length) return undefined
  return {
    add: after.filter((source) => known.get(source.id) !== JSON.stringify(source)),
    remove: before.flatMap(({ id }) => (ids.has(id) ? [] : [id])),
  }
}

const build = (
  stored: Stored,
  builtins: CompiledEngine,
  written: (on: Engine, sources: readonly SourcePolicy[]) => CompiledEngine,
  separationsOf: PermittedSeparations,
): Built => {
  if (!builtins.ok) return builtins
  const { sources, problems } = sourcesOf(stored.texts)
  if (problems.length > 0) return { ok: false, problems }
  // None of them can take the place of a built-in rule: their ids are reserved.
  const separations = separationsOf(sources, stored)
  const compiled = written(builtins.engine, [...sources, ...separations])
  if (!compiled.ok) return { ok: false, problems: compiled.problems.map((problem) => placed(problem, sources)) }
  const reportOnly = new Map(
    stored.modes.flatMap(({ kind, target, expiresAt, within }) =>
      within === null ? [[modeKey(kind, target), expiresAt.getTime()]] : [],
    ),
  )
  const imported = new Map(
    stored.modes.flatMap(({ kind, target, expiresAt, within }) =>
      within === null ? [] : [[modeKey(kind, target), { within, untilMs: expiresAt.getTime() }]],
    ),
  )
  const onTrial = sources.filter((source) => reportOnly.has(modeKey('policy', source.id)) && !isGuardrail(source))
  // A permit on trial gives nothing to read yet, and so it separates nothing either.
  const ofTrial = new Set(onTrial.flatMap(({ id }) => [id, separationId(id)]))
  const remove = [...sources, ...separations].flatMap(({ id }) => (ofTrial.has(id) ? [id] : []))
  const enforced = remove.length === 0 ? compiled : compiled.engine.with({ remove })
  if (!enforced.ok) return enforced
  const byId = new Map(stored.resources.map((resource) => [resource.id, resource]))
  const entities = stored.resources.map((resource): [string, Entity] => [resource.id, resourceEntity(resource)])
  const bundles = new Map(stored.bundles.map((bundle) => [bundle.id, bundle]))
  return {
    ok: true,
    base: {
      revision: revisionOf(stored.texts),
      stored,
      enforced: enforced.engine,
      trial: compiled.engine,
      resource: (id) => byId.get(id),
      bundle: (id) => bundles.get(id),
      resourceByUri: new Map(stored.resources.map((resource) => [resource.uri, resource])),
      entities: new Map(entities),
      ready: new Map(entities.map(([id, entity]) => [id, readyPart([entity, DEPLOYMENT_ENTITY])])),
      servedBy: servedBy(stored.resources),
      separations,
      openTypes: openTypesOf(stored.applications),
      reportOnly,
      imported,
      modeEndsMs: [...new Set(stored.modes.map(({ expiresAt }) => expiresAt.getTime()))],
    },
  }
}

// The engine knows the place within one policy; the file is what a person looks for.
const placed = (problem: PolicyProblem, sources: readonly SourcePolicy[]): SetProblem => {
  const origin = sources.find(({ id }) => id === problem.policy)?.origin
  return origin === undefined ? problem : { ...placeOf(origin), ...problem }
}

const servedBy = (resources: readonly Resource[]): Map<string, Resource[]> => {
  const served = new Map<string, Resource[]>()
  for (const resource of resources)
    for (const identity of resource.servedBy) served.set(identity, [...(served.get(identity) ?? []), resource])
  return served
}
