import type { AnyTx } from '../../kit/database.ts'
import type { Ancestor } from '../decide/ancestry.ts'
import { judgeRecorded } from '../decide/judge-recorded.ts'
import { sharedEntities, tokenContext } from '../decide/judge-token.ts'
import type { RecordedRequest } from '../decide/recorded-request.ts'
import { ISOLATION, isolationSubject } from '../domain/isolation.ts'
import type { Resource } from '../domain/resource.ts'
import { SEPARATION } from '../domain/separation.ts'
import { explainRecorded } from '../explain.ts'
import { identityEntities, uid } from '../memory/entities.ts'
import { grantOfPolicy } from '../memory/grant-sources.ts'
import type { Side } from '../plan/grounds.ts'
import type { PolicyIdentity, PolicyPorts } from '../room.ts'
import type { CaseInput } from './access-test.ts'
import type { TestView } from './tested-view.ts'

/** What tests are judged on: the transaction in which the directory was applied, and what decides there. */
export interface TestWorld {
  readonly tx: AnyTx
  readonly ports: PolicyPorts
  readonly side: Side
  readonly now: Date
}

/** How a case ended, by which policies and grants, and of which action. */
export interface CaseDone {
  readonly view: TestView
  /** Ids of policies and grants that decided. */
  readonly decidedBy: readonly string[]
  readonly asked: { readonly resource: string; readonly action: string } | undefined
}

/** Judges cases as a token request would be, by the same decision code. */
export const judgeCases = async (world: TestWorld, cases: readonly CaseInput[]): Promise<readonly CaseDone[]> => {
  const requests: (CaseRequest | { readonly wrong: string })[] = []
  for (const test of cases) requests.push(await requestOf(world, test))
  // All of them at once: each time that grants are put into the engines, these are made anew.
  world.side.include(
    requests.flatMap((one) =>
      'wrong' in one
        ? []
        : [one.recorded.principal.id, ...(one.recorded.ancestors ?? []).map(({ principal }) => principal.id)],
    ),
  )
  return cases.map((test, at) => {
    const request = requests[at]
    return request === undefined || 'wrong' in request
      ? failed(test, request?.wrong ?? 'there is no request')
      : judgeCase(world, test, request)
  })
}

interface CaseRequest {
  readonly recorded: RecordedRequest
  readonly resource: Resource
  readonly when: Date
}

const judgeCase = ({ side, now }: TestWorld, test: CaseInput, { recorded, resource, when }: CaseRequest): CaseDone => {
  const { outcome, policies, missing: absent } = judgeRecorded(side, recorded, when)
  const decidedBy = policies.map(grantOfPolicy)
  const isPlain = outcome === 'deny' && !policies.some((id) => id.startsWith('reeve:'))
  const ground = { ...side, warmed: () => undefined }
  const explained = isPlain ? explainRecorded(ground, recorded, { at: when, now, expired: [] }) : undefined
  const grants = new Map(side.grants(recorded.principal.id).map(({ id, name }) => [id, `grant ${name}`]))
  const names = [...new Set(decidedBy.map((id) => grants.get(id) ?? id))]
  const missing = [...new Set([...absent, ...(explained?.missing ?? [])])].sort()
  const because = explained === undefined || explained.because.length === 0 ? '' : `; ${explained.because.join('; ')}`
  const by = names.length > 0 ? ` by ${names.join(', ')}` : because === '' ? ', as no policy permits it' : ''
  const verdict = `it is ${outcome === 'deny' ? 'denied' : 'allowed'}${by}`
  const wrong = [
    ...(outcome === test.expect ? [] : [`expected ${test.expect}, and ${verdict}${because}`]),
    ...notAmong(test.policies, names).map((name) => `${name} did not decide it: ${verdict}`),
    ...notAmong(test.missing, missing).map(
      (name) => `${name} was not missing${missing.length === 0 ? '' : `, but ${missing.join(', ')}`}`,
    ),
  ]
  return {
    view: { ...viewOf(test), isPassed: wrong.length === 0, wrong, decided: { outcome, policies: names, missing } },
    decidedBy,
    asked: { resource: resource.id, action: test.action },
  }
}

const notAmong = (wanted: readonly string[] | undefined, found: readonly string[]): readonly string[] =>
  (wanted ?? []).filter((name) => !found.includes(name))

const viewOf = ({ name, identity, action, resource, expect }: CaseInput) => ({
  name: name ?? `${identity} ${action} on ${resource}: ${expect}`,
  kind: 'case' as const,
  pairs: null,
})

const failed = (test: CaseInput, wrong: string): CaseDone => ({
  view: { ...viewOf(test), isPassed: false, wrong: [wrong], decided: null },
  decidedBy: [],
  asked: undefined,
})

// What is named and not there fails also where a refusal is expected: a slip of the pen would pass for ever.
const requestOf = async (world: TestWorld, test: CaseInput): Promise<CaseRequest | { readonly wrong: string }> => {
  const { tx, ports, side, now } = world
  const known = await ports.identities.find(tx, test.identity)
  if (known === undefined || known.state === 'retired') return { wrong: `there is no identity ${test.identity}` }
  const { resources } = side.base().stored
  const resource = resources.find(({ id, name, uri }) => [id, name, uri].includes(test.resource))
  if (resource === undefined) return { wrong: `there is no resource ${test.resource}` }
  if (!resource.actions.some(({ name }) => name === test.action))
    return { wrong: `the resource ${resource.name} has no action ${test.action}` }
  const { context } = test
  const when = context.at === undefined ? now : new Date(context.at)
  const server = {
    sourceIp: context.sourceIp ?? null,
    sourceRegion: context.sourceRegion ?? null,
    credentialKind: context.credentialKind ?? null,
    credentialCreatedAtMs: context.credentialCreatedAt === undefined ? null : Date.parse(context.credentialCreatedAt),
    instance: context.instance ?? null,
    isSenderConstrained: context.isSenderConstrained ?? false,
  }
  const shared = sharedEntities(side, resource)
  const identity = active({ ...known, tags: { ...known.tags, ...test.tags }, workflow: workflowOf(test, known) })
  const who = { identity, risk: context.risk ?? 0, grants: side.grants(identity.id) }
  const stated = tokenContext(side, who, resource, { server, actions: [test.action], now: when })
  const recorded: RecordedRequest = {
    of: 'token',
    principal: uid('Identity', identity.id),
    actions: [test.action],
    resource: uid('Resource', resource.id),
    context: { ...stated, ...(context.approval === undefined ? {} : { approval: context.approval }) },
    entities: [...(await entitiesOf(world, identity, when)), ...shared],
    exception: await exceptionOf(world, identity.id, resource.id, when),
    ancestors: await ancestorsOf(world, identity, resource, when),
  }
  return { recorded, resource, when }
}

const workflowOf = ({ context: { workflow } }: CaseInput, known: PolicyIdentity): PolicyIdentity['workflow'] =>
  workflow === undefined ? known.workflow : { name: workflow.name, repository: workflow.repository ?? null }

// Tests hold what is declared: a quarantine, which is no part of the directory, neither passes nor fails them.
const active = (identity: PolicyIdentity): PolicyIdentity => ({ ...identity, state: 'active' })

const exceptionOf = async ({ tx, ports }: TestWorld, identity: string, resource: string, when: Date) =>
  (await ports.exceptions.find(tx, ISOLATION, isolationSubject(identity, resource), when))?.id ?? null

const entitiesOf = async ({ tx, ports }: TestWorld, identity: PolicyIdentity, when: Date) =>
  identityEntities(identity, (await ports.exceptions.find(tx, SEPARATION, identity.id, when))?.expiresAt)

const GENERATIONS_MAX = 10

const ancestorsOf = async (
  world: TestWorld,
  identity: PolicyIdentity,
  resource: Resource,
  when: Date,
): Promise<readonly Ancestor[]> => {
  const above: Ancestor[] = []
  for (let { parent } = identity; parent !== null; ) {
    const found = above.length < GENERATIONS_MAX ? await world.ports.identities.find(world.tx, parent) : undefined
    const principal = uid('Identity', parent)
    // Somebody above who is not known may do nothing, and so may nobody below.
    if (found === undefined || found.state === 'retired')
      return [...above, { principal, entities: [], exception: null }]
    const entities = [...(await entitiesOf(world, active(found), when)), ...sharedEntities(world.side, resource)]
    above.push({ principal, entities, exception: await exceptionOf(world, found.id, resource.id, when) })
    parent = found.parent
  }
  return above
}
