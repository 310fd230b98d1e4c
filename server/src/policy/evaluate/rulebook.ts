import type { ActionConstraint, Entity, EntityConstraint, EstUid, PolicyEst } from '@reeve/cedar'
import { builtinPolicies } from '../builtin-policies.ts'
import type { Application } from '../domain/application.ts'
import { isPrivileged } from '../domain/resource.ts'
import { readPolicy, type SourcePolicy } from '../engine/index.ts'
import { sourcesOf } from '../memory/base.ts'
import { enforcementAt } from '../memory/report-only.ts'
import type { PolicyMemory } from '../memory.ts'
import { applicationIndex, type IndexedType } from './application-index.ts'

/** All that questions about one application's registered things are decided on, for deciding them elsewhere. */
export interface Rulebook {
  readonly application: string
  readonly revision: string
  /** False when it cannot say everything exactly: then every question has to be asked here. */
  readonly isWhole: boolean
  readonly policies: readonly RulebookPolicy[]
  readonly subjects: readonly RulebookType[]
  readonly resources: readonly (RulebookType & { readonly actions: readonly RulebookAction[] })[]
  /** Until when it says what is in force, unless something is changed, in ms since 1970. */
  readonly untilMs: number
}

interface RulebookPolicy {
  readonly id: string
  readonly est: PolicyEst
  readonly isCritical: boolean
  /** Stands, and is not enforced yet. */
  readonly isOnTrial: boolean
}

interface RulebookType {
  readonly type: string
  readonly cedarType: string
  readonly stated: Readonly<Record<string, string>>
  readonly entities: readonly Entity[]
}

interface RulebookAction {
  readonly name: string
  readonly isPrivileged: boolean
  readonly facts: Readonly<Record<string, string>>
  /** The action with the groups that it is in. */
  readonly groups: readonly Entity[]
}

/**
 * The rulebook of an application at a moment. INVARIANT: of the policies it holds exactly those whose head can match the
 * application's own subjects, actions and resources, so that it tells nothing of what others are guarded by.
 */
export const rulebookOf = (memory: PolicyMemory, application: Application, now: Date): Rulebook => {
  const index = applicationIndex(memory.base().stored.applications)
  const subjects = application.subjects.flatMap(({ type }) => index.subject(type) ?? [])
  const resources = application.resources.flatMap(({ type }) => index.resource(type) ?? [])
  const { enforced, untilMs } = enforcementAt(memory, now)
  const heads = {
    principal: new Set(subjects.map(({ cedarType }) => cedarType)),
    action: new Set([`${application.name}::Action`, 'Reeve::Action']),
    resource: new Set(resources.map(({ cedarType }) => cedarType)),
  }
  const read = readAll(memory)
  const policies = read.flatMap(({ source, est, isCritical }): RulebookPolicy[] =>
    canMatch(est, heads) ? [{ id: source.id, est, isCritical, isOnTrial: enforced.get(source.id) === undefined }] : [],
  )
  const book: Rulebook = {
    application: application.name,
    revision: memory.base().revision,
    isWhole: memory.isComplete() && policies.every(({ est }) => !holdsBigint(est)),
    policies,
    subjects: subjects.map(typeOf),
    resources: resources.map((resource) => ({ ...typeOf(resource), actions: actionsOf(memory, resource) })),
    untilMs,
  }
  return book.isWhole ? book : { ...book, policies: [] }
}

interface Read {
  readonly source: SourcePolicy
  readonly est: PolicyEst
  readonly isCritical: boolean
}

const readBefore = new WeakMap<object, readonly Read[]>()

/** All written and built-in policies in their parsed form, which the engine does not keep; read once for each base. */
const readAll = (memory: PolicyMemory): readonly Read[] => {
  const base = memory.base()
  const known = readBefore.get(base)
  if (known !== undefined) return known
  const read = [...builtinPolicies, ...sourcesOf(base.stored.texts).sources].map((source): Read => {
    const parsed = readPolicy(source)
    // What is in force was parsed before; if it no longer is, nothing may be decided elsewhere.
    if ('problem' in parsed) throw new Error(`the policy ${source.id} cannot be read again`)
    return { source, est: parsed.est, isCritical: parsed.policy.isCritical }
  })
  readBefore.set(base, read)
  return read
}

type Heads = Readonly<Record<'principal' | 'action' | 'resource', ReadonlySet<string>>>

// An application's own things are in no groups, so `in` matches only the thing itself.
const canMatch = ({ principal, action, resource }: PolicyEst, heads: Heads): boolean =>
  mayBe(principal, heads.principal) && mayBe(action, heads.action) && mayBe(resource, heads.resource)

const mayBe = (constraint: EntityConstraint | ActionConstraint, types: ReadonlySet<string>): boolean => {
  if (constraint.op === 'All') return true
  if (constraint.op === 'is') return types.has(constraint.entity_type)
  if ('entities' in constraint) return constraint.entities.some((uid) => types.has(typeNameOf(uid)))
  // A template that nothing was linked to decides nothing.
  return 'entity' in constraint && types.has(typeNameOf(constraint.entity))
}

const typeNameOf = (uid: EstUid): string => ('__entity' in uid ? uid.__entity.type : uid.type)

const typeOf = ({ declared, cedarType, entities }: IndexedType): RulebookType => ({
  type: declared.type,
  cedarType,
  stated: declared.stated,
  entities: [...entities.values()],
})

const actionsOf = (memory: PolicyMemory, resource: IndexedType): RulebookAction[] =>
  [...resource.actions.values()].map(({ name, effect, facts }) => {
    const action = { type: `${resource.application.name}::Action`, id: name }
    const thing = { type: resource.cedarType, id: '' }
    // The engine adds the groups of an action, as it does to every request.
    const asked = memory.trial().inScope({ principal: thing, action, resource: thing, context: {}, entities: [] })
    return { name, isPrivileged: isPrivileged(effect), facts, groups: asked.request.entities }
  })

// JSON has no numbers beyond 2^53 that every reader keeps as they are.
const holdsBigint = (part: unknown): boolean =>
  typeof part === 'bigint' || (typeof part === 'object' && part !== null && Object.values(part).some(holdsBigint))
