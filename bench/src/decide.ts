import { parseArgs } from 'node:util'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import type { Entity, EntityUid, Request } from '@reeve/cedar'
// Decisions a second: the engine behind its scope index, and the official engine's plain call on the same requests.
import {
  compileEngine,
  type Engine,
  grantPolicy,
  policiesFromText,
  type SourcePolicy,
  schemaFor,
} from '../../server/src/policy/engine/index.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } })
const secondsEach = Number(values.seconds)

const EXPIRES = new Date('2026-12-31T00:00:00Z')
const GUARDRAILS = `
@id("isolation") @critical forbid (principal is Reeve::Identity, action, resource is Reeve::Resource)
unless { principal.environment == resource.environment };
@id("no-owner") forbid (principal is Reeve::Identity, action in Reeve::Action::"access:write", resource is Reeve::Resource)
unless { principal has owner };
@id("secret-needs-network") forbid (principal is Reeve::Identity, action, resource is Reeve::Resource)
when { resource.sensitivity == "confidential" } unless { context has sourceIp && context.sourceIp.isInRange(ip("10.0.0.0/8")) };
@id("frozen") forbid (principal, action, resource in Reeve::Resource::"frozen");`

interface World {
  policies: SourcePolicy[]
  schema: Parameters<typeof compileEngine>[0]['schema']
  request(at: number): Request
}

const uid = (type: string, id: string): EntityUid => ({ type: `Reeve::${type}`, id })
const isEvery = (at: number, nth: number): boolean => at % nth === 0

/** A register in which every identity has two grants, a third of them with conditions, and resources form a tree. */
const world = (size: number): World => {
  const identities = Math.max(5, size >> 1)
  const resources = Math.max(5, Math.min(1_000, size >> 2))
  const resourceOf = (grant: number): number => (grant * 7) % resources
  const schema = schemaFor({
    resources: Array.from({ length: resources }, (_, at) => ({
      name: `r${at}`,
      actions: [
        { name: `r${at}.read`, access: 'read' as const },
        { name: `r${at}.write`, access: 'write' as const },
      ],
    })),
  })
  if (!schema.ok) throw new Error(schema.problems[0]?.message)
  const guardrails = policiesFromText(GUARDRAILS, 'guardrails')
  const grants = Array.from({ length: size - guardrails.length }, (_, at) => {
    const resource = `r${resourceOf(at)}`
    const conditions = isEvery(at, 3)
      ? { sourceNetworks: ['10.0.0.0/8', '192.168.0.0/16'], credentialKinds: ['public-key'] }
      : {}
    const actions = isEvery(at, 2) ? [`${resource}.read`] : [`${resource}.read`, `${resource}.write`]
    const made = grantPolicy({
      id: `gra_${at}`,
      identity: `nhi_${at % identities}`,
      resource,
      actions,
      conditions,
      expiresAt: EXPIRES,
    })
    if (!made.ok) throw new Error(made.problems[0]?.message)
    return made.policy
  })
  return {
    policies: [...guardrails, ...grants],
    schema: schema.schema,
    request: (at) => requestOf(at, grants.length, identities, resourceOf),
  }
}

// Two requests of three are of what a grant says; the others are of another identity's resource.
const requestOf = (at: number, grants: number, identities: number, resourceOf: (grant: number) => number): Request => {
  const grant = (at * 31) % grants
  const identity = `nhi_${(isEvery(at, 3) ? grant + 1 : grant) % identities}`
  const resource = resourceOf(grant)
  const environment = isEvery(at, 20) ? 'test' : 'production'
  const principal: Entity = {
    uid: uid('Identity', identity),
    attrs: { name: identity, kind: 'bot', environment, tier: 'medium', owner: { __entity: uid('Team', 'a') } },
    parents: [uid('Team', 'a')],
    tags: { application: 'orders' },
  }
  const place = (id: string, parent: string | undefined): Entity => ({
    uid: uid('Resource', id),
    attrs: {
      uri: `https://${id}`,
      environment: 'production',
      sensitivity: isEvery(resource, 5) ? 'confidential' : 'internal',
    },
    parents: parent === undefined ? [] : [uid('Resource', parent)],
  })
  return {
    principal: principal.uid,
    action: uid('Action', `r${resource}.read`),
    resource: uid('Resource', `r${resource}`),
    context: {
      now: { __extn: { fn: 'datetime', arg: new Date(Date.UTC(2026, 5, 1) + at * 1_000).toISOString() } },
      sourceIp: { __extn: { fn: 'ip', arg: `10.0.${(at >> 8) & 255}.${at & 255}` } },
      credentialKind: 'public-key',
    },
    entities: [
      principal,
      place(`r${resource}`, `folder${resource % 10}`),
      place(`folder${resource % 10}`, 'root'),
      place('root', undefined),
    ],
  }
}

const plainCall = (
  policies: Record<string, string>,
  { principal, action, resource, context, entities }: Request,
): string => {
  const group = { uid: action, attrs: {}, parents: [uid('Action', 'access:read')] }
  const call = {
    principal,
    action,
    resource,
    context,
    entities: [...entities, group],
    policies: { staticPolicies: policies },
  }
  const answer = cedar.isAuthorized(call)
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message)
  return `${answer.response.decision} ${answer.response.diagnostics.reason.toSorted()}`
}

const perSecond = (seconds: number, call: (at: number) => void): number => {
  const started = performance.now()
  let done = 0
  do call(done++)
  while (performance.now() - started < seconds * 1_000)
  return (done / (performance.now() - started)) * 1_000
}

const measured = (size: number): { reeve: number; peer: number } => {
  const { policies, schema, request } = world(size)
  const started = performance.now()
  const compiled = compileEngine({ policies, schema })
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  const compileMs = performance.now() - started
  const { engine } = compiled
  const texts = Object.fromEntries(policies.map((policy) => [policy.id, policy.text]))
  let allowed = 0
  const reeve = perSecond(secondsEach, (at) => {
    if (engine.decide(request(at)).outcome === 'allow') allowed++
  })
  const peer = perSecond(secondsEach, (at) => plainCall(texts, request(at)))
  const compared = compare(engine, texts, request, Math.min(500, Math.ceil(peer)))
  const share = Math.round((allowed / (reeve * secondsEach)) * 100)
  console.log(
    `${size} policies: reeve ${reeve.toFixed(0)}/s, peer ${peer.toFixed(1)}/s, ${share} % allowed, ${compared} answers equal, compiled in ${compileMs.toFixed(0)} ms`,
  )
  return { reeve, peer }
}

const compare = (
  engine: Engine,
  texts: Record<string, string>,
  request: (at: number) => Request,
  count: number,
): number => {
  for (let at = 0; at < count; at++) {
    const { outcome, policies } = engine.decide(request(at))
    const official = plainCall(texts, request(at))
    if (`${outcome} ${policies}` !== official)
      throw new Error(`request ${at}: ${outcome} ${policies}, officially ${official}`)
  }
  return count
}

const oneChange = (size: number): void => {
  const { policies, schema } = world(size)
  const compiled = compileEngine({ policies, schema })
  const last = policies.at(-1)
  if (!compiled.ok || !last) throw new Error('no engine')
  let { engine } = compiled
  const changes = perSecond(1, (at) => {
    const changed = engine.with({ add: [{ ...last, id: `gra_new_${at}` }], remove: [`gra_${at}`] })
    if (changed.ok) engine = changed.engine
  })
  const rssMb = process.memoryUsage().rss / 1e6
  console.log(
    `${size} policies: a grant replaced in ${(1_000 / changes).toFixed(2)} ms, process ${rssMb.toFixed(0)} MB`,
  )
}

const figures = [10, 1_000, 5_000].map(measured)
oneChange(100_000)
const { reeve, peer } = figures.at(-1) ?? { reeve: 0, peer: 0 }
const rounded = (figure: number): number => Number(figure.toPrecision(3))
console.log(
  JSON.stringify({
    bench: 'decide',
    unit: 'decisions/s',
    reeve: rounded(reeve),
    peer: rounded(peer),
    toPeer: rounded(reeve / peer),
  }),
)
