import { compilePolicies, type PolicySet, type PolicySource, type Request } from '@reeve/cedar'
import { type ActionHierarchy, actionHierarchy } from './action-hierarchy.ts'
import type { Answer } from './answer.ts'
import { checkPolicies, type ParsedPolicy, type PolicySchema } from './check-policies.ts'
import { type Decided, decide, type Evaluator, inScope, withActionGroups } from './decide.ts'
import { isChecked, type ReadPolicy, readPolicy } from './read-policy.ts'
import type { ReadyPart } from './ready-entities.ts'
import type { PolicyProblem, SourcePolicy } from './source-policy.ts'

/** A valid set of policies that decides; it never changes, `with` makes another that shares what stayed. */
export interface Engine {
  readonly size: number
  /** What the type checker found odd in the policies of the last change. */
  readonly warnings: readonly PolicyProblem[]
  /** Decides a request; those of its entities that these parts hold are not read again. */
  decide(request: Request, parts?: readonly (ReadyPart | undefined)[]): Answer
  get(id: string): SourcePolicy | undefined
  /** The policies whose head matches a request, and the request with the groups of its action added. */
  inScope(request: Request): { policies: ReadPolicy[]; request: Request }
  /** Those policies alone. */
  policiesFor(request: Request, parts?: readonly (ReadyPart | undefined)[]): ReadPolicy[]
  with(change: PolicyChange): CompiledEngine
}

/** Policies to remove by id, and policies to add; an added one replaces the one that has its id. */
export interface PolicyChange {
  add?: readonly SourcePolicy[]
  remove?: readonly string[]
}

/** An engine, or everything that is wrong with what it would have been made of. */
export type CompiledEngine = { ok: true; engine: Engine } | { ok: false; problems: PolicyProblem[] }

/** Who decides, and who is shown each decision of the compiled evaluator. */
export interface Deciding {
  evaluator?: Evaluator
  watch?: (decided: Decided) => void
}

/** Parses and type-checks policies and makes an engine of them; never throws, whatever it is given. */
export const compileEngine = (
  input: { policies: readonly SourcePolicy[]; schema: PolicySchema } & Deciding,
): CompiledEngine => {
  try {
    const { policies, schema, evaluator = 'compiled', watch } = input
    if (typeof schema === 'string' && schema.length > SCHEMA_LENGTH_MAX) return refused('the schema is too long')
    const actions = actionHierarchy(schema)
    if (!actions.ok) return refused(`schema: ${actions.message}`)
    const none = compilePolicies<ReadPolicy>([])
    if (!none.ok) return refused('the evaluator does not start')
    return extend({ policies: none.policies, actions: actions.hierarchy, schema, evaluator, watch }, { add: policies })
  } catch {
    return refused('the policies cannot be read')
  }
}

const SCHEMA_LENGTH_MAX = 16 * 1024 * 1024
const WRITTEN_MAX = 20_000
const POLICIES_MAX = 500_000
const PROBLEMS_MAX = 100

interface Compiled {
  policies: PolicySet<ReadPolicy>
  actions: ActionHierarchy
  schema: PolicySchema
  evaluator: Evaluator
  watch: Deciding['watch']
}

const extend = (compiled: Compiled, change: PolicyChange): CompiledEngine => {
  const { add = [], remove = [] } = change
  if (!Array.isArray(add) || !add.every(isSource)) return refused('a policy lacks its id, text, origin or kind')
  const tooMany = countProblem(compiled.policies.size, add)
  if (tooMany) return refused(tooMany)
  const { sources, written, problems } = readAll(add)
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, PROBLEMS_MAX) }
  const verdict = checkPolicies(written, compiled.schema)
  if (verdict.problems.length > 0) return { ok: false, problems: verdict.problems.slice(0, PROBLEMS_MAX) }
  const changed = compiled.policies.with({ add: sources, remove })
  if (!changed.ok) return { ok: false, problems: changed.problems.slice(0, PROBLEMS_MAX) }
  return { ok: true, engine: engineOf({ ...compiled, policies: changed.policies }, verdict.warnings) }
}

const engineOf = (compiled: Compiled, warnings: PolicyProblem[]): Engine => ({
  size: compiled.policies.size,
  warnings,
  decide: (request, parts) => decide(compiled, request, parts),
  get: (id) => compiled.policies.note(id)?.source,
  inScope: (request) => ({
    policies: inScope(compiled, request),
    request: withActionGroups(request, compiled.actions),
  }),
  policiesFor: (request, parts) => inScope(compiled, request, parts),
  with(change) {
    try {
      return extend(compiled, change)
    } catch {
      return refused('the policies cannot be read')
    }
  },
})

const readAll = (
  given: readonly SourcePolicy[],
): { sources: PolicySource<ReadPolicy>[]; written: ParsedPolicy[]; problems: PolicyProblem[] } => {
  const sources: PolicySource<ReadPolicy>[] = []
  const written: ParsedPolicy[] = []
  const problems: PolicyProblem[] = []
  const seen = new Set<string>()
  // Grants look at the same few attributes: one list for all that do saves most of their memory.
  const shapes = new Map<string, ReadPolicy['paths']>()
  for (const source of given) {
    if (seen.has(source.id)) problems.push({ policy: source.id, message: 'another policy has this id' })
    seen.add(source.id)
    const read = readPolicy(source)
    if ('problem' in read) problems.push(read.problem)
    else {
      const note = { ...read.policy, paths: shared(shapes, read.policy.paths) }
      sources.push({ id: note.id, est: read.est, isCritical: note.isCritical, note })
      if (isChecked(source)) written.push({ source, est: read.est })
    }
  }
  return { sources, written, problems }
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
