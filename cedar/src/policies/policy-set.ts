import { type EntityNode, type EntityView, unlistedNode } from '../entities/entity-node.ts'
import { EMPTY_STORE, type ReadyEntities } from '../entities/entity-store.ts'
import { requestView } from '../entities/request-view.ts'
import type { Surroundings } from '../expression/compiled.ts'
import type { ExactRequest } from '../request.ts'
import { readUid } from '../values/read-uid.ts'
import { readValue } from '../values/read-value.ts'
import { requestShapes } from '../values/shapes.ts'
import { isFailure, type Result } from '../values/value.ts'
import { type Answer, refusal } from './answer.ts'
import { type CompiledPolicy, type PolicySource, policyCompiler } from './compile-policy.ts'
import { IS_CONDITIONED, IS_PERMIT, type Listing } from './listing.ts'
import { emptyPolicyIndex, type PolicyIndex } from './policy-index.ts'

/** Compiled policies that decide; a set never changes, `with` makes another that shares what stayed. */
export interface PolicySet<Note = undefined> {
  readonly size: number
  has(id: string): boolean
  /** The note of a policy. */
  note(id: string): Note | undefined
  /** The notes of all policies. */
  notes(): Generator<Note | undefined>
  /**
   * Decides a request, on the given entities and the request's own; never throws, whatever it is given.
   *
   * `met` is told the note of each policy whose head matched where that has to be explained: none decided, or one failed.
   */
  decide(request: ExactRequest, entities?: ReadyEntities, met?: (note: Note | undefined) => void): Answer
  /** The ids of the policies whose head matches the request, or why the request cannot be judged. */
  inScope(request: ExactRequest, entities?: ReadyEntities): { ok: true; ids: string[] } | { ok: false; problem: string }
  /** The set after removing some policies and adding others; an added one replaces the one with its id. */
  with(change: { add?: readonly PolicySource<Note>[]; remove?: readonly string[] }): CompiledPolicies<Note>
}

/** A set of policies, or what is wrong with each that cannot be compiled. */
export type CompiledPolicies<Note = undefined> =
  | { ok: true; policies: PolicySet<Note> }
  | { ok: false; problems: { policy: string; message: string }[] }

/** Compiles parsed policies; never throws, whatever it is given. */
export const compilePolicies = <Note = undefined>(sources: readonly PolicySource<Note>[]): CompiledPolicies<Note> =>
  policySet<Note>(emptyPolicyIndex()).with({ add: sources })

const policySet = <Note>(index: PolicyIndex<Note>): PolicySet<Note> => ({
  size: index.size,
  has: (id) => index.get(id) !== undefined,
  note: (id) => index.get(id)?.note,
  *notes() {
    for (const policy of index.values()) yield policy.note
  },
  decide(request, entities = EMPTY_STORE, met) {
    try {
      const at = surroundings(request, entities)
      return typeof at === 'string' ? refusal(at) : decided(index, at, met)
    } catch {
      // Whatever it was, it was not a reason to allow.
      return refusal('the request cannot be judged')
    }
  },
  inScope(request, entities = EMPTY_STORE) {
    try {
      const at = surroundings(request, entities)
      if (typeof at === 'string') return { ok: false, problem: at }
      const { places, count } = index.search(at)
      return { ok: true, ids: Array.from(places.subarray(0, count), index.listing.id) }
    } catch {
      return { ok: false, problem: 'the request cannot be judged' }
    }
  },
  with(change) {
    try {
      return changed(index, change)
    } catch {
      return { ok: false, problems: [{ policy: '', message: 'the policies cannot be read' }] }
    }
  },
})

const decided = <Note>(
  index: PolicyIndex<Note>,
  at: Surroundings,
  met: ((note: Note | undefined) => void) | undefined,
): Answer => {
  const { listing } = index
  const permits: string[] = []
  const forbids: string[] = []
  const errors: Answer['errors'] = []
  const { places, count } = index.search(at)
  for (let place = 0; place < count; place++) {
    const one = places[place] ?? 0
    const held = (one & IS_CONDITIONED) === 0 ? true : listing.holds(one)(at)
    if (held === false) continue
    const id = listing.id(one)
    if (held !== true) errors.push(errorOf(id, held))
    // A forbid that fails says nothing; a critical one that says nothing must not be taken for consent.
    if (held === true || listing.policy(one)?.isCritical === true)
      ((one & IS_PERMIT) === 0 ? forbids : permits).push(id)
  }
  const isForbidden = forbids.length > 0
  const policies = isForbidden ? forbids : permits
  // Last, for whoever is told may decide something else.
  if (met && (policies.length === 0 || errors.length > 0)) tell(listing, places.slice(0, count), met)
  return { decision: isForbidden || permits.length === 0 ? 'deny' : 'allow', policies, errors, considered: count }
}

const tell = <Note>(listing: Listing<Note>, places: Int32Array, met: (note: Note | undefined) => void): void => {
  for (const one of places) met(listing.policy(one)?.note)
}

const errorOf = (policy: string, held: Result): Answer['errors'][number] => ({
  policy,
  message: isFailure(held) ? held.message : 'the condition is not a boolean',
})

const surroundings = (request: ExactRequest, store: ReadyEntities): Surroundings | string => {
  const whole: unknown = request
  if (!isObject(whole)) return 'the request is not an object'
  const own = whole.entities
  if (!Array.isArray(own)) return 'the request has no list of entities'
  const entities = own.length === 0 ? store : requestView(store, own)
  if (typeof entities === 'string') return entities
  const principal = nodeOf(whole.principal, entities)
  const action = nodeOf(whole.action, entities)
  const resource = nodeOf(whole.resource, entities)
  if (typeof principal === 'string' || typeof action === 'string' || typeof resource === 'string')
    return 'the request has no proper principal, action or resource'
  const context = readValue(whole.context, requestShapes)
  if (typeof context !== 'object') return 'the context is not a record'
  if (context.kind !== 'record') return isFailure(context) ? context.message : 'the context is not a record'
  return { principal, action, resource, context, entities }
}

const nodeOf = (written: unknown, entities: EntityView): EntityNode | string => {
  // What is found was read before, so that its name is a proper one.
  const name = isObject(written) && '__entity' in written ? written.__entity : written
  if (isObject(name) && typeof name.type === 'string' && typeof name.id === 'string') {
    const known = entities.find(name.type, name.id)
    if (known) return known
  }
  const uid = readUid(written)
  return typeof uid === 'object' ? unlistedNode(uid) : 'no name'
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const changed = <Note>(
  index: PolicyIndex<Note>,
  change: { add?: readonly PolicySource<Note>[]; remove?: readonly string[] },
): CompiledPolicies<Note> => {
  const changes = new Map<string, CompiledPolicy<Note> | undefined>()
  for (const id of change.remove ?? []) changes.set(id, undefined)
  const problems: { policy: string; message: string }[] = []
  const seen = new Set<string>()
  const compile = policyCompiler<Note>()
  for (const source of change.add ?? []) {
    const { id } = source
    const isTwice = seen.has(id)
    seen.add(id)
    const policy = isTwice ? 'another policy has this id' : compile(source)
    if (typeof policy === 'string') problems.push({ policy: String(id), message: policy })
    else changes.set(id, policy)
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, policies: policySet(index.with(changes)) }
}
