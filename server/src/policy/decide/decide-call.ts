import { type CedarRecord, type Entity, type EntityUid, type Request, uidText } from '@reeve/cedar'
import type { Caller, Subject } from '../../kit/operation.ts'
import type { Asked, CallDecision, Decider } from '../../kit/pipeline.ts'
import { type Random, timedId } from '../../kit/random.ts'
import type { Invariant } from '../domain/invariant.ts'
import { DEPLOYMENT_UID, teamEntity, uid } from '../memory/entities.ts'
import type { Warmed } from '../memory/identities.ts'
import { enforcementAt } from '../memory/report-only.ts'
import type { PolicyMemory } from '../memory.ts'
import { answerAction } from './answer-action.ts'
import { at, contextOf } from './context.ts'
import { identityFacts } from './identity-facts.ts'
import { asDecision, type Judgement } from './judgement.ts'
import { keptRequest } from './recorded-request.ts'
import { holdsUntil } from './time-bound.ts'

/** A decider that may be told whether the caller serves, or is, what the call is about. */
export interface CallDecider extends Decider {
  decide(asked: AskedByParty): CallDecision
}

interface AskedByParty extends Asked {
  readonly isParty?: boolean
}

/** Makes the decider of calls of the server's own operations. An identity that calls must have been warmed before. */
export const createCallDecider = (memory: PolicyMemory, random: Random): CallDecider => ({
  decide: (asked) => {
    const began = memory.durations.begin()
    const judgement = judgeCall(memory, asked)
    memory.durations.end(began)
    return answerOf(judgement, random, asked.now)
  },
  sees: ({ subject, ...asked }) =>
    isOpen(subject) || judgeCall(memory, { ...asked, subject, action: SEEN_BY[subject.type] }).isAllowed,
  part: (asked) => {
    const began = memory.durations.begin()
    const judged = teamsOf(asked.caller).map((team) => ({
      team,
      judgement: judgeCall(memory, { ...asked, subject: { ...A_TEAM, id: team, team } }),
    }))
    memory.durations.end(began)
    const allowed = judged.filter(({ judgement }) => judgement.isAllowed)
    const [first] = allowed
    if (first === undefined) return undefined
    const policies = [...new Set(allowed.flatMap(({ judgement }) => judgement.policies))].sort()
    const answer = answerOf({ ...first.judgement, policies }, random, asked.now)
    return { teams: allowed.map(({ team }) => team), answer }
  },
})

/** What one must be allowed to read in order to know that something of a type exists. */
export const SEEN_BY: Readonly<Record<Subject['type'], string>> = {
  Identity: 'inventory.identity.show',
  Team: 'inventory.team.show',
  Resource: 'policy.resource.show',
  Person: 'lifecycle.person.show',
  Deployment: 'inventory.identity.list',
}

// Everybody knows that the deployment is there, and what somebody is about to make is known to them.
const isOpen = (subject: Subject): boolean =>
  subject.id === null || (subject.type === 'Deployment' && subject.isUnowned !== true)

const A_TEAM = { type: 'Team', name: null, environment: null } as const

const teamsOf = ({ roles }: Caller): readonly string[] => [...new Set(roles.flatMap(({ team }) => team ?? []))]

const answerOf = (judgement: Judgement, random: Random, now: Date): CallDecision => {
  const decision = asDecision(judgement, timedId(random, 'dec', now))
  return { isAllowed: judgement.isAllowed, decision, kept: [judgement.kept] }
}

/** Judges one call from memory. */
const judgeCall = (memory: PolicyMemory, asked: AskedByParty): Judgement => judgeTimedCall(memory, asked).judgement

/** The same, with what tells until when it stays so if only time passes: 0 where nobody knows. */
export const judgeTimedCall = (
  memory: PolicyMemory,
  { caller, action, subject, now, isParty }: AskedByParty,
): { readonly judgement: Judgement; readonly untilMs: () => number } => {
  const principal = principalOf(memory, caller)
  const on = subjectEntity(subject)
  const context = contextOf({
    sourceIp: caller.source.ip,
    sourceRegion: caller.source.region,
    instance: caller.instance,
    workflow: caller.workflow,
    narrowedTo: caller.narrowedTo ?? null,
    ...(subject.directory === undefined ? {} : { directory: subject.directory }),
    ...(principal.warmed === undefined ? {} : identityFacts(principal.warmed)),
    ...(isParty === undefined ? {} : { isParty }),
  })
  const entities = unique([...principal.entities, ...subjectEntities(memory, subject, on)])
  const request: Request = {
    principal: principal.uid,
    action: uid('Action', action),
    resource: on,
    context: at(context, now),
    entities,
  }
  const kept = keptRequest({
    of: 'call',
    principal: principal.uid,
    actions: [action],
    resource: on,
    context,
    entities,
    exception: null,
  })
  const { revision } = memory.base()
  if (principal.broken !== undefined)
    return { judgement: refusedBy(principal.broken, revision, kept), untilMs: () => 0 }
  // Report-only is for access to resources: the control plane never lets somebody in to see what would happen.
  const lenience = { isReportOnly: false, isPrivileged: false }
  const { warmed } = principal
  const engines = enforcementAt(memory, now)
  const parts = [warmed?.ready]
  const answer = answerAction(engines, request, lenience, parts)
  const judgement = {
    isAllowed: answer.isAllowed,
    actions: answer.isAllowed ? [action] : [],
    outcome: answer.wouldAllow ? 'allow' : 'deny',
    isEnforced: answer.isAllowed === answer.wouldAllow,
    policies: answer.policies,
    missing: answer.missing,
    revision,
    kept,
  } satisfies Judgement
  const untilMs = () =>
    warmed === undefined ? 0 : Math.min(engines.untilMs, holdsUntil(engines.trial, request, { warmed, parts, now }))
  return { judgement, untilMs }
}

const refusedBy = (invariant: Invariant, revision: string, kept: Judgement['kept']): Judgement => ({
  isAllowed: false,
  actions: [],
  outcome: 'deny',
  isEnforced: true,
  policies: [invariant],
  missing: [],
  revision,
  kept,
})

interface Person extends Pick<Caller, 'roles'> {
  readonly id: string
  readonly name: string
}

interface Principal {
  readonly uid: EntityUid
  readonly entities: readonly Entity[]
  readonly broken?: Invariant
  /** The identity that calls, if one does. */
  readonly warmed?: Warmed
}

const principalOf = (memory: PolicyMemory, caller: Caller): Principal => {
  const id = caller.actor.id ?? ''
  if (caller.actor.principalType === 'nhi') return identityOf(memory, id)
  if (caller.actor.principalType === 'human') return personOf(caller, id)
  const type = caller.actor.principalType === 'automation' ? 'Automation' : 'Anonymous'
  // What an anonymous caller claims to be called is no fact.
  const self = uid(type, type === 'Automation' ? id : '')
  return { uid: self, entities: [{ uid: self, attrs: {}, parents: [] }] }
}

const identityOf = (memory: PolicyMemory, id: string): Principal => {
  const self = uid('Identity', id)
  const warmed = memory.warmed(id)
  if (!memory.isComplete()) return { uid: self, entities: [], broken: 'reeve:no-policy-set' }
  if (warmed === undefined) return { uid: self, entities: [], broken: 'reeve:unknown-identity' }
  const { entities } = warmed
  if (warmed.identity.state !== 'active') return { uid: self, entities, warmed, broken: 'reeve:not-active' }
  return { uid: self, entities, warmed }
}

const personOf = ({ actor, roles }: Caller, id: string): Principal => {
  const entity = personEntity({ id, name: actor.name ?? '', roles })
  return { uid: entity.uid, entities: [entity] }
}

/** A person with these roles, as policies see one. */
export const personEntity = ({ id, name, roles }: Person): Entity => {
  const self = uid('Person', id)
  const everywhere = roles.filter(({ team }) => team === null).map(({ role }) => role)
  const ofTeams = roles.flatMap(({ role, team }) => (team === null ? [] : [{ role, team: uid('Team', team) }]))
  const teams = [...new Map(ofTeams.map(({ team }) => [team.id, team])).values()]
  const attrs: CedarRecord = {
    name,
    roles: [...new Set(everywhere)].sort(),
    teams: teams.map((team) => ({ __entity: team })),
    teamRoles: ofTeams.map(({ role, team }) => ({ role, team: { __entity: team } })),
  }
  return { uid: self, attrs, parents: [...teams, DEPLOYMENT_UID] }
}

// An empty id is that of something that is still to be made.
const subjectEntity = (subject: Subject): EntityUid => uid(subject.type, subject.id ?? '')

const subjectEntities = (memory: PolicyMemory, subject: Subject, self: EntityUid): Entity[] => {
  const known = subject.type === 'Identity' && subject.id !== null ? memory.warmed(subject.id) : undefined
  if (known !== undefined) return [...known.entities]
  if (subject.type === 'Team' && subject.id !== null) return [teamEntity({ id: subject.id, name: subject.name })]
  const team = subject.team === null ? undefined : uid('Team', subject.team)
  const attrs: CedarRecord = {
    ...(subject.name === null ? {} : { name: subject.name }),
    ...(subject.environment === null ? {} : { environment: subject.environment }),
    ...(team === undefined ? {} : { owner: { __entity: team } }),
  }
  const parents = subject.type === 'Deployment' ? [] : [...(team === undefined ? [] : [team]), DEPLOYMENT_UID]
  return [{ uid: self, attrs, parents, ...(subject.tags === undefined ? {} : { tags: { ...subject.tags } }) }]
}

// Who asks about himself would be listed twice, which the engine refuses; what is known of the principal stays.
const unique = (entities: readonly Entity[]): Entity[] => {
  const byUid = new Map<string, Entity>()
  for (const entity of entities) {
    const name = uidText(entity.uid)
    if (!byUid.has(name)) byUid.set(name, entity)
  }
  return [...byUid.values()]
}
