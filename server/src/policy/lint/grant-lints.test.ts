import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicies, type Entity, prepareEntities, type Request } from '@reeve/cedar'
import { identityOf } from '../../../test/fakes/policy-identities.ts'
import { resourceOf } from '../../../test/fakes/resources.ts'
import type { Bundle, MatrixLine } from '../domain/bundle.ts'
import { type Conditions, type Grant, WEEKDAYS } from '../domain/grant.ts'
import type { Resource } from '../domain/resource.ts'
import { readSource } from '../engine/index.ts'
import { createBaseBuilder, sourcesOf } from '../memory/base.ts'
import { actionUid, identityEntities, resourceEntity, uid } from '../memory/entities.ts'
import { grantSources, isSeparation } from '../memory/grant-sources.ts'
import { sideOf } from '../plan/grounds.ts'
import { actionEntities } from '../plan/register-world.ts'
import type { AccessLintName } from './access-lint.ts'
import { lintGrants } from './grant-lints.ts'

const NOW = new Date('2026-01-05T12:00:00Z')
const inDays = (days: number): Date => new Date(NOW.getTime() + days * 86_400_000)

const resource = (name: string, environment: string): Resource =>
  resourceOf({
    name,
    environment,
    actions: [
      { name: `${name}.read`, effect: 'read' },
      { name: `${name}.write`, effect: 'write' },
      { name: `${name}.purge`, effect: 'privileged' },
    ],
  })
const RESOURCES: readonly [Resource, ...Resource[]] = [
  resource('orders', 'production'),
  resource('billing', 'production'),
  resource('lab', 'staging'),
]
// What a resource gets tomorrow: the evaluator is asked about it, and the lints have not heard of it.
const TOMORROW = RESOURCES.map((one) => ({
  ...one,
  actions: [...one.actions, { name: `${one.name}.new`, effect: 'read' as const }],
}))
const SYNC = identityOf({
  id: 'nhi_sync',
  owner: { id: 'team_shop', name: 'shop', isActive: true },
  tags: { ticket: 'T-1' },
})

/** Numbers that look like chance and are the same in every run. */
const chanceOf = (seed: number) => {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0
  const below = (count: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0
    return (state >>> 8) % count
  }
  const pick = <Item>(items: readonly [Item, ...Item[]]): Item => items[below(items.length)] ?? items[0]
  return { below, pick }
}
type Chance = ReturnType<typeof chanceOf>

const NETWORKS = ['10.0.0.0/8', '10.1.0.0/16', '192.168.0.0/16'] as const
const conditionsBy = ({ below, pick }: Chance): Conditions => ({
  ...(below(4) === 0 ? { sourceNetworks: [pick(NETWORKS)] } : {}),
  ...(below(5) === 0 ? { credentialKinds: pick([['api_key'], ['api_key', 'certificate']]) } : {}),
  ...(below(6) === 0 ? { instances: pick([['one'], ['one', 'two']]) } : {}),
  ...(below(5) === 0
    ? {
        timeWindow: pick([
          { from: '08:00', to: '18:00' },
          { from: '09:00', to: '17:00' },
          { from: '22:00', to: '06:00' },
        ]),
      }
    : {}),
})
const lineBy = ({ below, pick }: Chance): MatrixLine => {
  const { id, actions } = pick(RESOURCES)
  const names = actions.map(({ name }) => name)
  if (below(4) === 0) return { resource: id, actions: ['*'] }
  const some = names.filter(() => below(2) === 0)
  return { resource: id, actions: some.length === 0 ? [names[0] ?? ''] : some }
}
const grantOf = (id: string, gives: Grant['gives'], conditions: Conditions, days: number): Grant => ({
  id,
  identity: SYNC.id,
  name: id,
  gives,
  conditions,
  expiresAt: inDays(days),
  expiresText: `${days}d`,
  createdAt: NOW,
  createdBy: null,
  approval: null,
  directory: 'shop',
  end: null,
})

const WHOM = [
  'principal == Reeve::Identity::"nhi_sync"',
  'principal in Reeve::Team::"shop"',
  'principal is Reeve::Identity',
  'principal == Reeve::Identity::"nhi_other"',
] as const
const WHAT = [
  'action, resource is Reeve::Resource',
  'action, resource == Reeve::Resource::"res_orders"',
  'action == Reeve::Action::"orders.read", resource',
  'action in Reeve::Action::"access:write", resource in Reeve::Resource::"billing"',
  'action in [Reeve::Action::"billing.read", Reeve::Action::"orders.write"], resource',
] as const
const WHEN = [
  '',
  '',
  ' when { principal.kind == "bot" }',
  ' unless { principal.hasTag("ticket") }',
  ' when { resource.environment == "production" }',
  ' when { context has credentialKind && context.credentialKind == "api_key" }',
  ' unless { principal.kind == "agent" || context has instance }',
] as const
const policyBy = ({ pick }: Chance, effect: string, at: number): string =>
  `@id("p${at}") ${effect} (${pick(WHOM)}, ${pick(WHAT)})${pick(WHEN)};`

interface Made {
  readonly grants: readonly Grant[]
  readonly bundles: readonly Bundle[]
  readonly text: string
}

const textsOf = (text: string) =>
  text === '' ? [] : [{ name: 'p', file: 'policies/p.cedar', text, directory: 'shop' }]

/** Grants of one identity, a bundle and policies that chance put together; it is the last grant that is judged. */
const madeBy = (seed: number): Made => {
  const chance = chanceOf(seed)
  const { below, pick } = chance
  const lines = Array.from({ length: 1 + below(3) }, () => lineBy(chance))
  const matrix = [...new Map(lines.map((line) => [line.resource, line])).values()]
  const bundle: Bundle = { id: 'bnd_one', name: 'one', purpose: 'p', matrix }
  const first = grantOf(
    'grt_a',
    below(3) === 0 ? { bundle: bundle.id } : lineBy(chance),
    conditionsBy(chance),
    pick([30, 60, 90]),
  )
  // Often the last one is the first with less.
  const like = below(2) === 0 && !('bundle' in first.gives) ? first.gives : undefined
  const gives = like ?? (below(4) === 0 ? { bundle: bundle.id } : lineBy(chance))
  const conditions = below(2) === 0 ? { ...first.conditions, ...conditionsBy(chance) } : conditionsBy(chance)
  const others = below(3) === 0 ? [grantOf('grt_b', lineBy(chance), conditionsBy(chance), pick([30, 60, 90]))] : []
  const policies = [
    ...(below(4) > 0 ? [policyBy(chance, 'forbid', 1)] : []),
    ...(below(2) === 0 ? [policyBy(chance, 'forbid', 2)] : []),
    ...(below(3) === 0 ? [policyBy(chance, 'permit', 3)] : []),
  ]
  return {
    grants: [first, ...others, grantOf('grt_last', gives, conditions, pick([30, 60, 90]))],
    bundles: [bundle],
    text: policies.join('\n'),
  }
}

const built = createBaseBuilder([]).build(
  { texts: [], resources: RESOURCES, bundles: [], modes: [], applications: [] },
  'asked',
)
if (!built.ok) throw new Error(built.problems[0]?.message)
const empty = built.base

const toldOf = ({ grants, bundles, text }: Made): ReadonlySet<string> => {
  const base = {
    ...empty,
    stored: { ...empty.stored, texts: textsOf(text), bundles },
    bundle: (id: string) => bundles.find((one) => one.id === id),
  }
  const declared = {
    knowsRegions: true,
    grants: grants.map((value) => ({ value, name: value.id, place: null })),
    bundles: bundles.map((value) => ({ value, name: value.id, place: null })),
    holders: new Map([[SYNC.id, SYNC]]),
  }
  return new Set(lintGrants(sideOf(base, grants), declared, NOW).map(({ lint, policy }) => `${lint} ${policy}`))
}

const moments = [1, 40, 70].flatMap((days) =>
  ['05:30', '08:30', '12:00', '20:00', '23:00'].map(
    (clock) => new Date(`${inDays(days).toISOString().slice(0, 10)}T${clock}:00Z`),
  ),
)
// All hours of a day, with nothing known of where the request comes from.
const HOURS = moments.slice(0, 5).map((now) => ({ now: { __extn: { fn: 'datetime', arg: now.toISOString() } } }))
const contexts: Request['context'][] = moments.flatMap((now) =>
  [undefined, '10.1.2.3', '10.200.0.1', '192.168.3.4', '203.0.113.9'].flatMap((ip) =>
    [undefined, 'api_key', 'certificate', 'private_key_jwt'].flatMap((credentialKind) =>
      [undefined, 'one', 'two', 'three'].map((instance) => ({
        now: { __extn: { fn: 'datetime', arg: now.toISOString() } },
        weekday: WEEKDAYS[now.getUTCDay()] ?? '',
        ...(ip === undefined ? {} : { sourceIp: { __extn: { fn: 'ip', arg: ip } } }),
        ...(credentialKind === undefined ? {} : { credentialKind }),
        ...(instance === undefined ? {} : { instance }),
      })),
    ),
  ),
)
const entities: Entity[] = [
  ...identityEntities(SYNC),
  ...TOMORROW.map(resourceEntity),
  ...actionEntities(TOMORROW).values(),
]
const prepared = prepareEntities(entities)
if (!prepared.ok) throw new Error(prepared.problem)
const store = prepared.store
const asked = TOMORROW.flatMap((one) =>
  one.actions.map(({ name, effect }) => ({
    effect,
    name,
    of: one.id,
    requests: contexts.map((context): Request => {
      const on = uid('Resource', one.id)
      return { principal: uid('Identity', SYNC.id), action: actionUid(on, name), resource: on, context, entities: [] }
    }),
  })),
)

const allowedBy = (policies: readonly { id: string; est: NonNullable<ReturnType<typeof readSource>> }[]) => {
  const compiled = compilePolicies(policies.map((one) => ({ ...one })))
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  const { policies: set } = compiled
  const allows = (request: Request): boolean => set.decide(request, store).decision === 'allow'
  /** Those of one action's requests that are allowed: none, where no policy has its action in scope, which no context changes. */
  const allowed = (requests: readonly Request[]): readonly Request[] => {
    const [first] = requests
    const inScope = first === undefined ? undefined : set.inScope(first, store)
    return inScope?.ok === true && inScope.ids.length === 0 ? [] : requests.filter(allows)
  }
  return { allows, allowed }
}

/** What the evaluator says of the last grant, asked about every action under every context. */
const truthOf = ({ grants, bundles, text }: Made): ReadonlySet<string> => {
  const register = {
    resource: (id: string) => TOMORROW.find((one) => one.id === id),
    bundle: (id: string) => bundles.find((one) => one.id === id),
    openTypes: [],
  }
  const read = (id: string, source: string) => {
    const est = readSource(source)
    return est === undefined ? [] : [{ id, est }]
  }
  const compiled = (grant: Grant) =>
    grantSources(grant, register)
      .policies.filter(({ id }) => !isSeparation(id))
      .flatMap((one) => read(one.id, one.text))
  const written = sourcesOf(textsOf(text)).sources
  const policies = written.flatMap((one) => read(one.id, one.text))
  const last = grants.at(-1)
  const [bundle] = bundles
  if (last === undefined || bundle === undefined) return new Set()
  const own = allowedBy(compiled(last))
  const others = allowedBy([
    ...grants.slice(0, -1).flatMap(compiled),
    ...policies.filter(({ est }) => est.effect === 'permit'),
  ])
  const unforbidden = allowedBy([...compiled(last), ...policies.filter(({ est }) => est.effect === 'forbid')])
  const given = asked.flatMap(({ name, requests }) =>
    own.allowed(requests).map((request) => ({ request, isNew: name.endsWith('.new') })),
  )
  const isAlive = given.length > 0
  const isElsewhere = given.every(({ request }) => others.allows(request))
  const isForbidden = given.every(({ request, isNew }) => isNew || !unforbidden.allows(request))
  const isOfNew = given.some(({ isNew }) => isNew)
  const isOpen = asked.some(
    ({ effect, requests: [first] }) =>
      effect === 'privileged' && HOURS.every((context) => first && own.allows({ ...first, context })),
  )
  const held = allowedBy(compiled(grantOf('grt_whole', { bundle: bundle.id }, {}, 90)))
  const reached = asked.filter(({ requests }) => requests[0] !== undefined && held.allows(requests[0]))
  const environments = new Set(reached.map(({ of }) => register.resource(of)?.environment))
  const wrong: readonly (readonly [string, boolean])[] = [
    ['shadowed grt_last', isAlive && isElsewhere],
    ['contradictory grt_last', isAlive && isForbidden],
    ['wildcard grt_last', isOfNew && !('bundle' in last.gives)],
    ['wildcard bnd_one', reached.some(({ name }) => name.endsWith('.new'))],
    ['over-broad grt_last', isOpen],
    ['over-broad bnd_one', environments.size > 1],
  ]
  return new Set(wrong.flatMap(([told, isSo]) => (isSo ? [told] : [])))
}

const SETS = 320
const labelled = Array.from({ length: SETS }, (_, seed) => madeBy(seed + 1)).map((made) => ({
  made,
  told: toldOf(made),
  truth: truthOf(made),
}))

const LINTS: readonly (readonly [AccessLintName, string])[] = [
  ['shadowed', 'grt_last'],
  ['contradictory', 'grt_last'],
  ['wildcard', 'grt_last'],
  ['wildcard', 'bnd_one'],
  ['over-broad', 'grt_last'],
  ['over-broad', 'bnd_one'],
]
for (const [lint, of] of LINTS)
  test(`${lint} of a ${of === 'bnd_one' ? 'bundle' : 'grant'} tells of at least 95 in 100 of what the evaluator finds wrong, and at least 95 in 100 of what it tells of is`, () => {
    const key = `${lint} ${of}`
    const count = { right: 0, missed: 0, wrongly: 0, silent: 0 }
    const odd: string[] = []
    for (const { made, told, truth } of labelled) {
      const [isTold, isWrong] = [told.has(key), truth.has(key)]
      count[isWrong ? (isTold ? 'right' : 'missed') : isTold ? 'wrongly' : 'silent']++
      if (isWrong !== isTold) odd.push(`${isWrong ? 'missed' : 'wrongly'}: ${JSON.stringify(made)}`)
    }
    const precision = count.right / (count.right + count.wrongly)
    const recall = count.right / (count.right + count.missed)
    const different = new Set(labelled.map(({ made }) => JSON.stringify(made))).size
    console.log(
      `lint ${key}: ${different} different sets, ${count.right + count.missed} wrong; precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
    )
    assert.ok(
      different >= 200 && count.right >= 40 && count.silent >= 40,
      `there is enough of both ${JSON.stringify(count)}`,
    )
    assert.ok(precision >= 0.95 && recall >= 0.95, odd.slice(0, 3).join('\n\n'))
  })

test('all grants that are told of as shadowed can go at once, and nothing is lost', () => {
  for (const { made } of labelled.slice(0, 25)) {
    const told = toldOf(made)
    const kept = made.grants.filter(({ id }) => !told.has(`shadowed ${id}`))
    const register = {
      resource: (id: string) => RESOURCES.find((one) => one.id === id),
      bundle: (id: string) => made.bundles.find((one) => one.id === id),
      openTypes: [],
    }
    const permits = sourcesOf(textsOf(made.text)).sources.filter(({ text }) => text.includes(' permit '))
    const judge = (grants: readonly Grant[]) =>
      allowedBy(
        [
          ...grants.flatMap((one) => grantSources(one, register).policies.filter(({ id }) => !isSeparation(id))),
          ...permits,
        ].flatMap(({ id, text }) => {
          const est = readSource(text)
          return est === undefined ? [] : [{ id, est }]
        }),
      )
    const [before, after] = [judge(made.grants), judge(kept)]
    for (const { requests } of asked) {
      const lost = new Set(before.allowed(requests)).symmetricDifference(new Set(after.allowed(requests)))
      assert.equal(lost.size, 0, JSON.stringify(made))
    }
  }
})
