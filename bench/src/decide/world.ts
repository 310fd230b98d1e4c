import type { Entity, EntityUid, Request } from '@reeve/cedar'

/** What is decided on: policies as text, all entities, and distinct requests without end. */
export interface World {
  policies: readonly WorldPolicy[]
  entities: readonly Entity[]
  /** The share of the policies that look at attributes. */
  conditionedShare: number
  request(at: number): Request
  /** The request's own entities and all above them, for an engine that is handed entities with each request. */
  entitiesOf(request: Request): Entity[]
}

/** A policy, and whom and what its head names, for slices that are cut without any index. */
export interface WorldPolicy {
  id: string
  text: string
  principal: string | undefined
  resource: string | undefined
}

const IDENTITIES = 100_000
const TEAMS = 1_000
const RESOURCES_BY_LEVEL = [1, 4, 16, 64, 200, 715]
const POLICIES = 10_000
const ACTIONS = ['orders.read', 'orders.list', 'orders.write', 'orders.delete']

const uid = (type: string, id: string): EntityUid => ({ type, id })
const name = ({ type, id }: EntityUid): string => `${type}::"${id}"`
/** Spreads numbers without chance, so that every run decides the same. */
const spread = (at: number, salt: number): number => {
  let mixed = Math.imul(at + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d)
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39)
  return (mixed ^ (mixed >>> 15)) >>> 0
}
const one = <Item>(items: readonly Item[], number: number): Item => {
  const item = items[number % items.length]
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}

const resources = RESOURCES_BY_LEVEL.flatMap((count, level) =>
  Array.from({ length: count }, (_, at) => uid('Resource', `res_${level}_${at}`)),
)
const leaves = resources.slice(-(RESOURCES_BY_LEVEL.at(-1) ?? 0))
const folders = resources.slice(5, -leaves.length)
const identity = (at: number): EntityUid => uid('Identity', `nhi_${at}`)
const team = (at: number): EntityUid => uid('Team', `team_${at}`)
const teamOf = (identityAt: number): number => 50 + (identityAt % (TEAMS - 50))
const parentOf = (id: string): EntityUid[] => {
  const [, level = '0', at = '0'] = id.split('_')
  const above = RESOURCES_BY_LEVEL[Number(level) - 1]
  return above === undefined ? [] : [uid('Resource', `res_${Number(level) - 1}_${Number(at) % above}`)]
}

const entities = (): Entity[] => [
  ...Array.from({ length: TEAMS }, (_, at): Entity => {
    const parents = at === 0 ? [] : [team(at < 50 ? 0 : at % 50)]
    return { uid: team(at), attrs: { name: `team ${at}` }, parents }
  }),
  ...resources.map(
    (resource, at): Entity => ({
      uid: resource,
      attrs: {
        uri: `https://${resource.id}`,
        environment: at % 10 === 0 ? 'test' : 'production',
        sensitivity: one(['internal', 'internal', 'public', 'confidential'], spread(at, 1)),
        cost: at % 100,
      },
      parents: parentOf(resource.id),
    }),
  ),
  ...Array.from(
    { length: IDENTITIES },
    (_, at): Entity => ({
      uid: identity(at),
      attrs: {
        name: `bot-${at}`,
        kind: one(['bot', 'agent', 'service', 'ci-job'], spread(at, 2)),
        environment: at % 20 === 0 ? 'test' : 'production',
        tier: one(['low', 'medium', 'high'], spread(at, 3)),
        owner: { __entity: team(teamOf(at)) },
      },
      parents: [team(teamOf(at))],
      tags: { application: `app-${at % 300}` },
    }),
  ),
  ...ACTIONS.map(
    (id): Entity => ({
      uid: uid('Action', id),
      attrs: {},
      parents: [uid('Action', id === 'orders.read' || id === 'orders.list' ? 'access:read' : 'access:write')],
    }),
  ),
]

const CONDITIONS = [
  'when { context has sourceIp && context.sourceIp.isInRange(ip("10.0.0.0/8")) }',
  'when { resource.sensitivity != "confidential" || principal.tier == "low" }',
  'when { ["bot", "agent", "service"].contains(principal.kind) && context.risk < 80 }',
  'when { principal.hasTag("application") && principal.getTag("application") like "app-*" && resource.cost <= 90 }',
  'when { context.now >= datetime("2026-01-01") && context.now < datetime("2027-01-01") } unless { context.risk > 95 }',
]

const GUARDRAILS = [
  'forbid (principal is Identity, action, resource is Resource) unless { principal.environment == resource.environment };',
  'forbid (principal, action in Action::"access:write", resource) unless { principal has owner };',
  'forbid (principal, action, resource in Resource::"res_2_15") when { context.risk > 50 };',
  'forbid (principal in Team::"team_7", action in Action::"access:write", resource);',
]

const policyAt = (at: number): WorldPolicy => {
  const condition = at % 5 < 2 ? one(CONDITIONS, spread(at, 4)) : ''
  const action = one(
    [
      'action == Action::"orders.read"',
      'action in Action::"access:read"',
      'action in [Action::"orders.read", Action::"orders.write"]',
      'action',
    ],
    spread(at, 5),
  )
  // Seven of ten are a single identity's grant, two a team's, one everybody's on some resource.
  const kind = at % 10
  const who = kind < 7 ? identity(spread(at >> 1, 6) % IDENTITIES) : kind < 9 ? team(spread(at, 7) % TEAMS) : undefined
  const what = kind < 7 ? one(leaves, spread(at, 8)) : one(folders, spread(at, 9))
  const principal = who === undefined ? 'principal is Identity' : `principal ${kind < 7 ? '==' : 'in'} ${name(who)}`
  const resource = `resource ${kind < 7 ? '==' : 'in'} ${name(what)}`
  const text = `permit (${principal}, ${action}, ${resource}) ${condition};`
  return { id: `p${at}`, text, principal: who && name(who), resource: name(what) }
}

/** A register of the size that the bar names; requests are half of what somebody was granted, half of anything. */
export const world = (): World => {
  const guardrails = GUARDRAILS.map((text, at) => ({ id: `g${at}`, text, principal: undefined, resource: undefined }))
  const policies = [...guardrails, ...Array.from({ length: POLICIES - GUARDRAILS.length }, (_, at) => policyAt(at))]
  const all = entities()
  const byName = new Map(all.map((entity) => [name(entity.uid), entity]))
  const request = (at: number): Request => {
    const grant = Math.floor((spread(at, 10) % POLICIES) / 10) * 10 + (at % 7)
    const isGranted = at % 2 === 0
    return {
      principal: isGranted ? identity(spread(grant >> 1, 6) % IDENTITIES) : identity(spread(at, 11) % IDENTITIES),
      action: uid('Action', one(['orders.read', 'orders.read', 'orders.list', 'orders.write'], spread(at, 12))),
      resource: isGranted ? one(leaves, spread(grant, 8)) : one(leaves, spread(at, 13)),
      context: {
        now: { __extn: { fn: 'datetime', arg: new Date(1_780_000_000_000 + at * 1_000).toISOString() } },
        sourceIp: { __extn: { fn: 'ip', arg: `10.${at & 255}.${(at >> 8) & 255}.${(at >> 16) & 255}` } },
        risk: spread(at, 14) % 100,
        credentialKind: 'public-key',
      },
      entities: [],
    }
  }
  const entitiesOf = ({ principal, action, resource }: Request): Entity[] => {
    const found = new Map<string, Entity>()
    const climb = (of: EntityUid): void => {
      const entity = byName.get(name(of))
      if (entity === undefined || found.has(name(of))) return
      found.set(name(of), entity)
      for (const parent of entity.parents) climb(parent)
    }
    for (const start of [principal, action, resource]) climb(start)
    return [...found.values()]
  }
  const conditioned = policies.filter((policy) => /\b(?:when|unless)\b/.test(policy.text)).length
  return { policies, entities: all, conditionedShare: conditioned / policies.length, request, entitiesOf }
}
