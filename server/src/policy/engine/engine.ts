import { buildScopeIndex, type Request, type ScopeIndex } from '@reeve/cedar'
import { type ActionHierarchy, actionHierarchy } from './action-hierarchy.ts'
import type { Answer } from './answer.ts'
import { checkPolicies, type PolicySchema } from './check-policies.ts'
import { decide, withActionGroups } from './decide.ts'
import { isCompiled, type ReadPolicy, readPolicy } from './read-policy.ts'
import type { PolicyProblem, SourcePolicy } from './source-policy.ts'

/** A valid set of policies that decides; it never changes, `with` makes another that shares what stayed. */
export interface Engine {
  readonly size: number
  /** What the type checker found odd in the policies of the last change. */
  readonly warnings: readonly PolicyProblem[]
  decide(request: Request): Answer
  get(id: string): SourcePolicy | undefined
  /** The policies whose head matches a request, and the request with the groups of its action added. */
  inScope(request: Request): { policies: ReadPolicy[]; request: Request }
  with(change: PolicyChange): CompiledEngine
}

/** Policies to remove by id, and policies to add; an added one replaces the one that has its id. */
export interface PolicyChange {
  add?: readonly SourcePolicy[]
  remove?: readonly string[]
}

/** An engine, or everything that is wrong with what it would have been made of. */
export type CompiledEngine = { ok: true; engine: Engine } | { ok: false; problems: PolicyProblem[] }

/** Parses and type-checks policies and makes an engine of them; never throws, whatever it is given. */
export const compileEngine = (input: { policies: readonly SourcePolicy[]; schema: PolicySchema }): CompiledEngine => {
  try {
    const { policies, schema } = input
    if (typeof schema === 'string' && schema.length > SCHEMA_LENGTH_MAX) return refused('the schema is too long')
    const actions = actionHierarchy(schema)
    if (!actions.ok) return refused(`schema: ${actions.message}`)
    return extend({ index: buildScopeIndex([]), actions: actions.hierarchy, schema }, { add: policies })
  } catch {
    return refused('the policies cannot be read')
  }
}

const SCHEMA_LENGTH_MAX = 16 * 1024 * 1024
const WRITTEN_MAX = 20_000
const POLICIES_MAX = 500_000
const PROBLEMS_MAX = 100

interface Compiled {
  index: ScopeIndex<ReadPolicy>
  actions: ActionHierarchy
  schema: PolicySchema
}

const extend = (compiled: Compiled, change: PolicyChange): CompiledEngine => {
  const { add = [], remove = [] } = change
  if (!Array.isArray(add) || !add.every(isSource)) return refused('a policy lacks its id, text, origin or kind')
  const tooMany = countProblem(compiled.index.size, add)
  if (tooMany) return refused(tooMany)
  const { policies, problems } = readAll(add)
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, PROBLEMS_MAX) }
  const verdict = checkPolicies(
    add.filter((source) => !isCompiled(source)),
    compiled.schema,
  )
  if (verdict.problems.length > 0) return { ok: false, problems: verdict.problems.slice(0, PROBLEMS_MAX) }
  const index = compiled.index.with({ add: policies, remove })
  return { ok: true, engine: engineOf({ ...compiled, index }, verdict.warnings) }
}

const engineOf = (compiled: Compiled, warnings: PolicyProblem[]): Engine => ({
  size: compiled.index.size,
  warnings,
  decide: (request) => decide(compiled, request),
  get: (id) => compiled.index.get(id)?.source,
  inScope(plain) {
    const request = withActionGroups(plain, compiled.actions)
    return { policies: compiled.index.candidates(request), request }
  },
  with(change) {
    try {
      return extend(compiled, change)
    } catch {
      return refused('the policies cannot be read')
    }
  },
})

const readAll = (sources: readonly SourcePolicy[]): { policies: ReadPolicy[]; problems: PolicyProblem[] } => {
  const policies: ReadPolicy[] = []
  const problems: PolicyProblem[] = []
  const seen = new Set<string>()
  // Grants look at the same few attributes: one list for all that do saves most of their memory.
  const shapes = new Map<string, ReadPolicy['paths']>()
  for (const source of sources) {
    if (seen.has(source.id)) problems.push({ policy: source.id, message: 'another policy has this id' })
    seen.add(source.id)
    const read = readPolicy(source)
    if ('problem' in read) problems.push(read.problem)
    else policies.push({ ...read.policy, paths: shared(shapes, read.policy.paths) })
  }
  return { policies, problems }
}

const shared = (shapes: Map<string, ReadPolicy['paths']>, paths: ReadPolicy['paths']): ReadPolicy['paths'] => {
  const key = JSON.stringify(paths)
  const known = shapes.get(key) ?? paths
  shapes.set(key, known)
  return known
}

const countProblem = (size: number, add: readonly SourcePolicy[]): string | undefined => {
  const written = add.filter((source) => source.kind !== 'grant').length
  if (written > WRITTEN_MAX) return `${written} policies are more than ${WRITTEN_MAX}: use grants for single rights`
  return size + add.length > POLICIES_MAX ? `more than ${POLICIES_MAX} policies` : undefined
}

const refused = (message: string): CompiledEngine => ({ ok: false, problems: [{ policy: '', message }] })

// What comes from files or a table may not be what its type says; everything else relies on these four.
const isSource = (source: unknown): boolean =>
  typeof source === 'object' &&
  source !== null &&
  'id' in source &&
  typeof source.id === 'string' &&
  'text' in source &&
  typeof source.text === 'string' &&
  'origin' in source &&
  typeof source.origin === 'object' &&
  source.origin !== null &&
  'kind' in source &&
  !('compiled' in source && source.compiled === null)
