import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'

const team = (name: string) => ({ name, technicalContact: 'a@example', businessContact: 'b@example' })
const identity = (name: string, owner: string) => ({ name, kind: 'bot', owner })
const resource = (name: string) => ({
  name,
  uri: `https://${name}.example/`,
  environment: 'production',
  sensitivity: 'internal',
  actions: [{ name: `${name}.read`, effect: 'read' }],
})
const policy = (id: string, text: string) => ({
  name: id,
  file: `policies/${id}.cedar`,
  text: `@id("${id}")\n${text}`,
})

const MAIN = {
  directory: 'main',
  teams: [team('shop'), team('bank')],
  identities: [identity('bank-bot', 'bank'), identity('shop-bot', 'shop')],
  resources: [resource('orders'), resource('money')],
  bundles: [
    { name: 'reader', purpose: 'reads', matrix: [{ resource: 'orders', actions: ['orders.read'] }] },
    { name: 'payer', purpose: 'reads', matrix: [{ resource: 'money', actions: ['money.read'] }] },
  ],
  grants: [{ identity: 'shop-bot', bundle: 'reader', expiresAt: '90d' }],
  fragments: [
    {
      name: 'web',
      repository: 'acme/web',
      prefix: 'web-',
      teams: ['shop'],
      resources: ['orders'],
      bundles: ['reader'],
    },
  ],
}

const PERMIT =
  'permit (principal in Reeve::Team::"shop", action == Reeve::Action::"orders.read", resource in Reeve::Resource::"orders");'
const WEB = {
  directory: 'web',
  fragmentOf: 'main',
  repository: 'acme/web',
  identities: [identity('web-sync', 'shop')],
  bundles: [{ name: 'web-reader', purpose: 'reads', matrix: [{ resource: 'orders', actions: ['orders.read'] }] }],
  grants: [{ identity: 'web-sync', bundle: 'reader', expiresAt: '90d' }],
  policies: [policy('web-reads', PERMIT)],
  tests: [{ identity: 'web-sync', action: 'orders.read', resource: 'orders', expect: 'allow' }],
}

const open = async (room: Room): Promise<PolicyBench> => {
  const bench = await openPolicy(room, { appliers: fakeAppliers })
  await bench.call('policy.access.apply', MAIN)
  return bench
}

const text = (rule: string) => ({ policies: [policy('web-reads', rule)] })

/** What somebody may try who writes the files of a fragment, and what it is refused with. */
const ATTACKS: Readonly<Record<string, readonly [object, RegExp]>> = {
  'a team': [{ teams: [team('bank')] }, /declares no teams/],
  'a resource': [{ resources: [resource('web-own')] }, /declares no resources/],
  'fragments of its own': [{ fragments: [{ name: 'x', prefix: 'a-', teams: ['bank'] }] }, /declares no fragments/],
  'an identity with a name of others': [{ identities: [identity('bank-bot', 'shop')] }, /does not begin with web-/],
  'an identity of another team': [{ identities: [identity('web-sync', 'bank')] }, /belongs to bank/],
  'an identity of a team by its id': [{ identities: [identity('web-sync', 'team_bank')] }, /belongs to team_bank/],
  'an identity without a team': [{ identities: [{ name: 'web-sync', kind: 'bot' }] }, /no team/],
  'a child of somebody else': [
    { identities: [{ ...identity('web-sync', 'shop'), parent: 'bank-bot' }] },
    /its parent bank-bot is not of this fragment/,
  ],
  'a grant to somebody else': [
    { grants: [{ identity: 'bank-bot', bundle: 'reader', expiresAt: '9d' }] },
    /the identity bank-bot is not of this fragment/,
  ],
  'a grant to another of its team': [
    { grants: [{ identity: 'shop-bot', bundle: 'reader', expiresAt: '9d' }] },
    /the identity shop-bot is not of this fragment/,
  ],
  'a grant by id': [
    { grants: [{ identity: 'nhi_bank-bot', bundle: 'reader', expiresAt: '9d' }] },
    /the identity nhi_bank-bot is not of this fragment/,
  ],
  'a grant on a resource of others': [
    { grants: [{ identity: 'web-sync', resource: 'money', actions: ['money.read'], expiresAt: '9d' }] },
    /the resource money is outside/,
  ],
  'a grant on a resource by its uri': [
    {
      grants: [{ identity: 'web-sync', resource: 'https://money.example/', actions: ['money.read'], expiresAt: '9d' }],
    },
    /outside of its scope/,
  ],
  'a grant of a bundle of others': [
    { grants: [{ identity: 'web-sync', bundle: 'payer', expiresAt: '9d' }] },
    /the bundle payer is outside/,
  ],
  'a bundle that reaches further': [
    { bundles: [{ name: 'web-reader', purpose: 'x', matrix: [{ resource: 'money', actions: ['money.read'] }] }] },
    /the resource money is outside/,
  ],
  'a bundle under a name of others': [
    { bundles: [{ name: 'reader', purpose: 'x', matrix: [{ resource: 'orders', actions: ['orders.read'] }] }] },
    /does not begin with web-/,
  ],
  'a permit for everybody': [
    text('permit (principal, action == Reeve::Action::"orders.read", resource in Reeve::Resource::"orders");'),
    /a team of shop/,
  ],
  'a permit for another team': [text(PERMIT.replace('"shop"', '"bank"')), /a team of shop/],
  'a permit for people': [text(PERMIT.replace('principal in', 'principal is Reeve::Person in')), /a team of shop/],
  'a permit on every resource': [
    text(PERMIT.replace('resource in Reeve::Resource::"orders"', 'resource')),
    /its resource/,
  ],
  'a permit on a resource of others': [text(PERMIT.replace('Resource::"orders"', 'Resource::"money"')), /its resource/],
  'a permit of every action': [text(PERMIT.replace('action == Reeve::Action::"orders.read"', 'action')), /its actions/],
  'a permit of a group of actions': [
    text(PERMIT.replace('== Reeve::Action::"orders.read"', 'in Reeve::Action::"access:write"')),
    /its actions/,
  ],
  'a permit of an operation of the server': [
    text(PERMIT.replace('orders.read"', 'policy.resource.change"')),
    /its actions/,
  ],
  'a forbid that stops others': [
    text('forbid (principal, action, resource in Reeve::Resource::"orders");'),
    /a team of shop/,
  ],
  'a forbid that stops its team elsewhere': [
    text('forbid (principal in Reeve::Team::"shop", action, resource);'),
    /its resource/,
  ],
  'a guardrail': [text(`@guardrail\n${PERMIT.replace('permit', 'forbid')}`), /marked @guardrail/],
  'a critical forbid': [text(`@critical("true")\n${PERMIT.replace('permit', 'forbid')}`), /marked @critical/],
  'two policies where one is wide': [
    text(`${PERMIT}\npermit (principal, action, resource);`),
    /does not begin with web-/,
  ],
  'an id of others': [
    { policies: [{ ...policy('web-x', PERMIT), text: `@id("main-x")\n${PERMIT}` }] },
    /@id that does not/,
  ],
  'a test that asks about others': [
    { tests: [{ identity: 'bank-bot', action: 'money.read', resource: 'money', expect: 'deny' }] },
    /not of this fragment/,
  ],
  'another repository': [{ repository: 'evil/web' }, /a fragment of acme\/web/],
  'a directory that does not list it': [{ fragmentOf: 'bank' }, /lists no fragment web/],
}

onEveryEngine(
  'a fragment declares what its scope allows, and ends of it what it no longer declares and nothing else',
  async (room) => {
    const { call } = await open(room)
    const done = await call('policy.access.apply', WEB)
    assert.ok(done.objects.every(({ verb }: { verb: string }) => verb === 'created'))
    const less = await call('policy.access.apply', { ...WEB, grants: [], policies: [], tests: [], withoutTests: true })
    const removed = less.objects.filter(({ verb }: { verb: string }) => verb === 'removed')
    assert.deepEqual(
      removed.map(({ type, name }: { type: string; name: string }) => `${type} ${name}`),
      ['grant web-sync reader', 'policy web-reads'],
    )
    const { objects } = await call('policy.access.plan', MAIN)
    assert.ok(
      objects.every(({ verb }: { verb: string }) => verb === 'unchanged'),
      'the main directory is as it was',
    )
  },
)

onEveryEngine(
  'nothing that a fragment may try reaches outside of its scope, and each is told at its place',
  async (room) => {
    const { call } = await open(room)
    for (const [what, [change, told]] of Object.entries(ATTACKS)) {
      const input = { ...WEB, ...change }
      await assert.rejects(
        call('policy.access.apply', input),
        (error: { code: string; extras: { about?: string } }) => {
          assert.equal(error.code, 'fragment_scope', what)
          assert.match(String(error.extras.about), told, what)
          return true
        },
        what,
      )
      await assert.rejects(call('policy.access.plan', input), { code: 'fragment_scope' }, what)
      // Not to say that it is a fragment makes it none.
      const { fragmentOf: _, ...unsaid } = { ...input }
      if (!('fragmentOf' in change))
        await assert.rejects(call('policy.access.apply', unsaid), { code: 'fragment_scope' }, what)
      if ('repository' in change || 'fragmentOf' in change) continue
      const { isValid, problems } = await call('policy.access.validate', input)
      assert.equal(isValid, false, what)
      assert.ok(
        problems.some(({ message }: { message: string }) => told.test(message)),
        what,
      )
    }
    assert.equal((await call('policy.bundle.list', {})).items.length, 2, 'nothing of it was done')
  },
)

onEveryEngine('a fragment that calls itself something new leaves its scope by an approval alone', async (room) => {
  const { call, approvals, operation } = await open(room)
  const { fragmentOf: _, repository: __, ...parts } = WEB
  const renamed = { ...parts, directory: 'web2', identities: [], bundles: [], policies: [], tests: [] }
  const grants = [{ identity: 'bank-bot', resource: 'money', actions: ['money.read'], expiresAt: '9d' }]
  const input = { ...renamed, grants }
  await assert.rejects(call('policy.access.apply', input), { code: 'approval_missing' })
  approvals.give('apr_1', 'policy.access.apply', operation('policy.access.apply').input.parse(input))
  await call('policy.access.apply', { ...input, approval: 'apr_1' })
  await call('policy.access.apply', input)
})

onEveryEngine('a fragment takes nothing over that others made by hand under its names', async (room) => {
  const bench = await open(room)
  const { call } = bench
  await call('policy.bundle.create', WEB.bundles[0])
  await assert.rejects(call('policy.access.apply', WEB), { code: 'fragment_scope' })
  const own = { ...WEB, bundles: [] }
  await call('policy.set.change', { put: [policy('web-reads', PERMIT)] })
  await assert.rejects(call('policy.access.apply', own), { code: 'fragment_scope' })
  const without = { ...own, policies: [] }
  await call('policy.access.apply', { ...without, grants: [], tests: [] })
  await call('policy.grant.create', { identity: 'web-sync', bundle: 'reader', expiresAt: '5d' })
  await assert.rejects(call('policy.access.apply', without), { code: 'fragment_scope' })
})

onEveryEngine(
  'a directory lists as its fragment neither itself, nor a directory that stands alone, nor one of another',
  async (room) => {
    const { call } = await open(room)
    const scope = { prefix: 'x-', teams: ['shop'] }
    for (const [directory, name] of [
      ['other', 'other'],
      ['other', 'main'],
      ['other', 'web'],
    ])
      await assert.rejects(
        call('policy.access.apply', { directory, fragments: [{ ...scope, name }] }),
        { code: 'apply_owned' },
        `${directory} ${name}`,
      )
    const bundles = { directory: 'web', fragmentOf: 'main', bundles: WEB.bundles }
    await call('policy.access.apply', bundles)
    // While it declares something it stays listed, so that somebody can end that.
    await assert.rejects(call('policy.access.apply', { ...MAIN, fragments: [] }), { code: 'apply_in_use' })
    await call('policy.access.apply', { directory: 'web', fragmentOf: 'main' })
    await call('policy.access.apply', { ...MAIN, fragments: [] })
    await assert.rejects(call('policy.access.apply', WEB), { code: 'fragment_scope' })
  },
)

onEveryEngine('a plan of a fragment is stale when its scope has changed', async (room) => {
  const { call } = await open(room)
  const { plan } = await call('policy.access.plan', WEB)
  const [scope] = MAIN.fragments
  await call('policy.access.apply', { ...MAIN, fragments: [{ ...scope, bundles: [] }] })
  await assert.rejects(call('policy.access.apply', { plan }), { code: 'plan_stale' })
})
