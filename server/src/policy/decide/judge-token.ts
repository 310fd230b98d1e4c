import type { CedarRecord, Entity, Request } from '@reeve/cedar'
import type { Invariant } from '../domain/invariant.ts'
import { isIsolated } from '../domain/isolation.ts'
import { hasPrivileged, type Resource } from '../domain/resource.ts'
import { DEPLOYMENT_ENTITY, uid } from '../memory/entities.ts'
import type { Warmed } from '../memory/identities.ts'
import { enforcementAt } from '../memory/report-only.ts'
import type { PolicyMemory } from '../memory.ts'
import { ancestorsOf, EXCEEDS_PARENT, isWithin } from './ancestry.ts'
import { type ActionAnswer, answerAction } from './answer-action.ts'
import { at, contextOf, type ServerFacts } from './context.ts'
import { approvalOf, identityFacts } from './identity-facts.ts'
import type { Judgement } from './judgement.ts'
import { keptRequest } from './recorded-request.ts'
import { summed } from './summed.ts'
import { holdsUntil } from './time-bound.ts'

/** What is known of a request and not of who asks: how it came. */
export type AskedFrom = Pick<
  ServerFacts,
  | 'sourceIp'
  | 'sourceRegion'
  | 'credentialKind'
  | 'credentialCreatedAtMs'
  | 'instance'
  | 'actor'
  | 'isSenderConstrained'
  | 'detail'
>

/** What is asked: may this identity do these actions (none named: whichever it may) on this resource, here and now. */
export interface TokenFacts {
  readonly identityId: string
  readonly resourceId: string
  readonly actions: readonly string[]
  readonly server: AskedFrom
  /** The environment in which the asker knows the identity; it has to be the one we know. */
  readonly environment: string
  readonly now: Date
}

/** Judges from memory alone; the same question is answered from what was remembered while nothing it hangs on changed. */
export const judgeToken = (memory: PolicyMemory, facts: TokenFacts): Judgement => {
  const warmed = memory.warmed(facts.identityId)
  const resource = memory.base().resource(facts.resourceId)
  const broken = brokenBeforePolicy(memory, warmed, resource, facts)
  if (warmed === undefined || resource === undefined || broken !== undefined)
    return refusedBy(memory, broken ?? 'reeve:unknown-identity', warmed, resource, facts)
  const ancestors = ancestorsOf(memory, warmed)
  const key = keyOf(warmed, ancestors, resource, facts)
  const nowMs = facts.now.getTime()
  const known = memory.verdicts.recall(key, nowMs)
  if (known !== undefined) return known
  const { judgement, untilMs } = judge(memory, warmed, ancestors, resource, facts)
  if (untilMs > nowMs) memory.verdicts.keep(key, judgement, untilMs)
  return judgement
}

// INVARIANT: injective (JSON of a list), and all that the judgement hangs on: the memory forgets everything when its
// base changes, the serials stand for the identity and those above it with their grants, and the moment is bounded apart.
const keyOf = (
  warmed: Warmed,
  ancestors: readonly Warmed[] | undefined,
  resource: Resource,
  { actions, server }: TokenFacts,
): string =>
  JSON.stringify([
    warmed.serial,
    ancestors?.map(({ serial }) => serial) ?? null,
    resource.id,
    actions,
    server.credentialKind ?? null,
    server.credentialCreatedAtMs ?? null,
    server.instance,
    server.sourceIp,
    server.sourceRegion ?? null,
    server.actor?.id ?? null,
    server.actor?.name ?? null,
    server.isSenderConstrained ?? false,
    server.detail ?? null,
  ])

const brokenBeforePolicy = (
  memory: PolicyMemory,
  warmed: Warmed | undefined,
  resource: Resource | undefined,
  facts: TokenFacts,
): Invariant | undefined => {
  if (!memory.isComplete()) return 'reeve:no-policy-set'
  if (warmed === undefined) return 'reeve:unknown-identity'
  if (resource === undefined) return 'reeve:unknown-resource'
  if (warmed.identity.state !== 'active') return 'reeve:not-active'
  const { environment } = warmed.identity
  const exception = warmed.exceptions.get(resource.id)
  if (environment !== facts.environment || isIsolated(environment, resource.environment, exception, facts.now))
    return 'reeve:environment-isolation'
  if (facts.actions.length === 0) return undefined
  const known = new Set(resource.actions.map(({ name }) => name))
  return facts.actions.every((action) => known.has(action)) ? undefined : 'reeve:unknown-action'
}

const judge = (
  memory: PolicyMemory,
  warmed: Warmed,
  ancestors: readonly Warmed[] | undefined,
  resource: Resource,
  facts: TokenFacts,
): { judgement: Judgement; untilMs: number } => {
  const context = tokenContext(memory, warmed, resource, facts)
  const request = tokenRequest(memory, warmed, resource, at(context, facts.now))
  const shared = sharedEntities(memory, resource)
  const { revision, ready } = memory.base()
  const onResource = ready.get(resource.id)
  const parts = [warmed.ready, onResource]
  const engines = enforcementAt(memory, facts.now)
  const isAny = facts.actions.length === 0
  const asked = isAny ? resource.actions.map(({ name }) => name) : facts.actions
  // What was not asked for by name is not given because its refusal would only be reported.
  const { identity } = warmed
  let untilMs = Math.min(
    engines.untilMs,
    warmed.exceptions.get(resource.id)?.expiresAt.getTime() ?? Number.POSITIVE_INFINITY,
  )
  const answers: [string, ActionAnswer][] = asked.map((name) => {
    const one = { ...request, action: uid('Action', name) }
    untilMs = Math.min(untilMs, holdsUntil(engines.trial, one, { warmed, parts, now: facts.now }))
    const isReportOnly = !isAny && engines.isReportOnly({ identity, resource: resource.id, action: name })
    const answer = answerAction(engines, one, { isReportOnly, isPrivileged: hasPrivileged(resource, name) }, parts)
    if (!answer.isAllowed) return [name, answer]
    const within = isWithin(engines, ancestors, {
      request: one,
      resource,
      entities: shared,
      onResource,
      now: facts.now,
    })
    untilMs = Math.min(untilMs, within.untilMs)
    return [name, within.isAllowed ? answer : EXCEEDS_PARENT]
  })
  return {
    judgement: {
      ...summed(answers, isAny),
      revision,
      kept: keep({ ...request, context }, facts, resource, { warmed, ancestors, shared }),
    },
    untilMs,
  }
}

/** The Cedar request for a token, without its action. */
const tokenRequest = (
  memory: PolicyMemory,
  warmed: Warmed,
  resource: Resource,
  context: CedarRecord,
): Omit<Request, 'action'> => ({
  principal: uid('Identity', warmed.identity.id),
  resource: uid('Resource', resource.id),
  context,
  entities: [...warmed.entities, ...sharedEntities(memory, resource)],
})

/** What the server knows of a request for a token, as the context in which it is decided, without the moment. */
export const tokenContext = (
  memory: Pick<PolicyMemory, 'base'>,
  warmed: Pick<Warmed, 'identity' | 'risk' | 'grants'>,
  resource: Pick<Resource, 'id' | 'uri'>,
  facts: Pick<TokenFacts, 'server' | 'actions' | 'now'>,
): CedarRecord =>
  contextOf({
    ...facts.server,
    ...identityFacts(warmed),
    approval: approvalOf(
      warmed,
      { resource: resource.id, actions: facts.actions, now: facts.now },
      memory.base().bundle,
    ),
    isSenderConstrained: facts.server.isSenderConstrained ?? false,
    audience: resource.uri,
    scopes: facts.actions,
  })

/** What the entities of a request are whoever asks. */
export const sharedEntities = (memory: Pick<PolicyMemory, 'base'>, resource: Resource): Entity[] => {
  const entity = memory.base().entities.get(resource.id)
  return [...(entity === undefined ? [] : [entity]), DEPLOYMENT_ENTITY]
}

const keep = (
  request: Omit<Request, 'action'>,
  facts: TokenFacts,
  resource: Resource,
  on: {
    readonly warmed: Warmed
    readonly ancestors: readonly Warmed[] | undefined
    readonly shared: readonly Entity[]
  },
) =>
  keptRequest({
    of: 'token',
    principal: request.principal,
    actions: facts.actions,
    resource: request.resource,
    context: request.context,
    entities: request.entities,
    exception: on.warmed.exceptions.get(resource.id)?.id ?? null,
    ...(on.warmed.identity.parent === null
      ? {}
      : {
          ancestors: (on.ancestors ?? []).map(({ identity, entities, exceptions }) => ({
            principal: uid('Identity', identity.id),
            entities: [...entities, ...on.shared],
            exception: exceptions.get(resource.id)?.id ?? null,
          })),
        }),
  })

const refusedBy = (
  memory: PolicyMemory,
  invariant: Invariant,
  warmed: Warmed | undefined,
  resource: Resource | undefined,
  facts: TokenFacts,
): Judgement => ({
  isAllowed: false,
  actions: [],
  outcome: 'deny',
  isEnforced: true,
  policies: [invariant],
  missing: [],
  revision: memory.base().revision,
  kept: keptRequest({
    of: 'token',
    principal: uid('Identity', facts.identityId),
    actions: facts.actions,
    resource: uid('Resource', facts.resourceId),
    context: contextOf({
      ...facts.server,
      ...(warmed === undefined ? { workflow: null } : identityFacts(warmed)),
      scopes: facts.actions,
    }),
    entities: [
      ...(warmed?.entities ?? []),
      ...(resource === undefined ? [] : [memory.base().entities.get(resource.id)].filter((one) => one !== undefined)),
    ],
    exception: null,
  }),
})
