import assert from 'node:assert/strict'
import { rounds } from '../../../../test/rounds.ts'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import type { LintView } from './access-lint.ts'

const ACTIONS = ['orders.read', 'orders.export', 'orders.write'] as const
const RESOURCE = {
  name: 'orders',
  uri: 'https://orders.example/',
  environment: 'production',
  sensitivity: 'internal',
  actions: [
    { name: 'orders.read', effect: 'read' },
    { name: 'orders.export', effect: 'read' },
    { name: 'orders.write', effect: 'write' },
  ],
}
const TEXT = {
  name: 'orders',
  file: 'policies/orders.cedar',
  text: [
    '@id("ticket")',
    'permit (principal, action == Reeve::Action::"orders.export", resource) when { principal.hasTag("ticket") };',
    '@id("office")',
    'forbid (principal, action, resource) when { context has sourceIp && context.sourceIp == ip("198.51.100.9") };',
  ].join('\n'),
}

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room, { appliers: fakeAppliers })
  policy.identities.put({ id: 'nhi_sync', name: 'sync' })
  return policy
}

onEveryEngine(
  'what is likely not meant in grants and bundles, and what is untested, is told by file and line',
  async (room) => {
    const policy = await open(room)
    const grant = { identity: 'sync', resource: 'orders', expiresAt: '30d' }
    await policy.call('policy.resource.create', RESOURCE)
    // What somebody gave by hand counts, and is not told of.
    await policy.call('policy.grant.create', { ...grant, name: 'by-hand', actions: ['orders.read'], expiresAt: '60d' })
    const forbid = 'forbid (principal is Reeve::Identity, action == Reeve::Action::"orders.write", resource);'
    const done = await policy.call('policy.access.test', {
      directory: 'shop',
      resources: [RESOURCE],
      bundles: [{ name: 'all', purpose: 'p', matrix: [{ resource: 'orders', actions: ['*'] }] }],
      grants: [
        { ...grant, name: 'again', actions: ['orders.read'] },
        { ...grant, name: 'refused', actions: ['orders.write'] },
        { ...grant, name: 'longer', actions: ['orders.read'], expiresAt: '90d' },
      ],
      policies: [{ name: 'never', file: 'policies/never.cedar', text: `// nobody writes\n@id("never")\n${forbid}` }],
      tests: [
        { identity: 'sync', action: 'orders.read', resource: 'orders', expect: 'allow' },
        { identity: 'sync', action: 'orders.write', resource: 'orders', expect: 'deny' },
      ],
      origins: {
        resources: ['resources/orders.yaml:1'],
        bundles: ['bundles/all.yaml:2'],
        grants: ['grants/sync.yaml:1', 'grants/sync.yaml:5', 'grants/sync.yaml:9'],
      },
    })
    assert.deepEqual(
      done.lints.map(({ lint, policy: of, place }: LintView) => `${place} ${lint} ${of}`),
      [
        'bundles/all.yaml:2 wildcard bundle all',
        'grants/sync.yaml:5 contradictory grant sync refused',
        'grants/sync.yaml:1 shadowed grant sync again',
        'grants/sync.yaml:5 untested grant sync refused',
        'resources/orders.yaml:1 untested orders.export on orders',
      ],
    )
    assert.match(done.lints[1].message, /^never forbids/)
    assert.match(done.lints[2].message, /^grant (by-hand|longer) gives/)
    assert.equal((await policy.call('policy.grant.list', {})).items.length, 1, 'nothing was applied')
  },
)

/** Numbers that look like chance and are the same in every run. */
const chanceOf = (seed: number) => {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0
  return (count: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0
    return (state >>> 8) % count
  }
}

interface Case {
  readonly action: (typeof ACTIONS)[number]
  readonly hasTicket: boolean
  readonly isFromOffice: boolean
}

/** A directory with tests, and what by the meaning of its policies none of them decides or asks for. */
const labelled = (seed: number) => {
  const below = chanceOf(seed)
  const grants = ['one', 'two']
    .filter(() => below(3) > 0)
    .map((name) => ({ name, actions: ACTIONS.filter(() => below(2) === 0) }))
    .filter(({ actions }) => actions.length > 0)
  const cases = Array.from({ length: below(4) }, (): Case => {
    const action = ACTIONS[below(3)] ?? ACTIONS[0]
    return { action, hasTicket: below(3) === 0, isFromOffice: below(4) === 0 }
  })
  const decided = new Set(
    cases.flatMap(({ action, hasTicket, isFromOffice }) => {
      if (isFromOffice) return ['office']
      const by = grants.filter(({ actions }) => actions.includes(action)).map(({ name }) => `grant sync ${name}`)
      return hasTicket && action === 'orders.export' ? [...by, 'ticket'] : by
    }),
  )
  const all = ['ticket', 'office', ...grants.map(({ name }) => `grant sync ${name}`)]
  const wrong = [
    ...all.filter((name) => !decided.has(name)),
    ...ACTIONS.filter((name) => !cases.some(({ action }) => action === name)).map((name) => `${name} on orders`),
  ]
  const property = { name: 'nobody outside writes', never: { identity: { kind: 'agent' }, effects: ['write'] } }
  const tests = cases.map(({ action, hasTicket, isFromOffice }) => ({
    identity: 'sync',
    action,
    resource: 'orders',
    expect: 'allow',
    ...(hasTicket ? { tags: { ticket: 'T-1' } } : {}),
    ...(isFromOffice ? { context: { sourceIp: '198.51.100.9' } } : {}),
  }))
  const input = {
    directory: 'shop',
    resources: [RESOURCE],
    grants: grants.map((one) => ({ ...one, identity: 'sync', resource: 'orders', expiresAt: '30d' })),
    policies: [TEXT],
    tests: below(2) === 0 ? [...tests, property] : tests,
  }
  return { input, wrong: new Set(wrong), all: [...all, ...ACTIONS.map((name) => `${name} on orders`)] }
}

// Each is applied and undone; the other engine is asked about some of them.
const SETS = { sqlite: rounds({ quick: 60, full: 250 }), postgres: 20 }

onEveryEngine(
  'untested tells of at least 95 in 100 of what no test decides or asks for, and at least 95 in 100 of what it tells of is',
  async (room) => {
    const policy = await open(room)
    const count = { right: 0, missed: 0, wrongly: 0, silent: 0 }
    const different = new Set<string>()
    for (let seed = 1; seed <= SETS[room.engine]; seed++) {
      const { input, wrong, all } = labelled(seed)
      const { lints } = await policy.call('policy.access.test', input)
      const told = new Set(lints.filter(({ lint }: LintView) => lint === 'untested').map((one: LintView) => one.policy))
      different.add(JSON.stringify(input))
      for (const name of all)
        count[wrong.has(name) ? (told.has(name) ? 'right' : 'missed') : told.has(name) ? 'wrongly' : 'silent']++
    }
    const precision = count.right / (count.right + count.wrongly)
    const recall = count.right / (count.right + count.missed)
    console.log(
      `lint untested: ${different.size} different sets, ${count.right + count.missed} wrong; precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
    )
    const enough = SETS.sqlite * 0.8
    assert.ok(room.engine !== 'sqlite' || (different.size >= enough && count.silent >= enough), JSON.stringify(count))
    assert.ok(precision >= 0.95 && recall >= 0.95, JSON.stringify(count))
  },
)
