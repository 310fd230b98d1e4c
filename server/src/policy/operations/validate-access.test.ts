import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'

const RESOURCE = {
  name: 'orders',
  uri: 'https://orders.example/',
  environment: 'production',
  sensitivity: 'internal',
  actions: [
    { name: 'orders.read', effect: 'read' },
    { name: 'orders.purge', effect: 'privileged' },
  ],
}
const text = (body: string, name = 'orders') => ({ name, file: `policies/${name}.cedar`, text: body })
const READ = 'action == Reeve::Action::"orders.read"'

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room, { appliers: fakeAppliers })
  policy.identities.put({ id: 'nhi_sync', name: 'sync' })
  return policy
}

onEveryEngine('a directory is told of everything that is wrong with it at once, by file and line', async (room) => {
  const policy = await open(room)
  const done = await policy.call('policy.access.validate', {
    teams: [{ technicalContact: 'x' }],
    resources: [
      RESOURCE,
      { ...RESOURCE, name: 'billing', sensitivity: 'secret', colour: 'red' },
      { ...RESOURCE, owner: 'nobody' },
    ],
    bundles: [{ name: 'reader', purpose: 'reads', matrix: [{ resource: 'orders', actions: ['orders.burn'] }] }],
    grants: [
      { identity: 'nobody', bundle: 'no-such', expiresAt: '30d' },
      { identity: 'sync', resource: 'no-such', actions: ['a'], expiresAt: 'soon' },
    ],
    policies: [
      text(
        `// why\n\npermit (principal, action == Reeve::Action::"orders.burn", resource);\npermit (principal, ${READ});`,
      ),
      text(`permit (principal, ${READ}, resource) when { principal.kindness == 3 };`, 'more'),
    ],
    origins: {
      teams: ['teams/a.yaml:1'],
      resources: ['resources/a.yaml:2', 'resources/a.yaml:9', 'resources/b.yaml:1'],
      bundles: ['bundles/a.yaml:1'],
      grants: ['grants/a.yaml:1', 'grants/a.yaml:5'],
    },
  })
  const told = done.problems.map(({ place, message }: { place: string; message: string }) => `${place} ${message}`)
  for (const wanted of [
    /^teams\/a\.yaml:1 name: must be there$/,
    /^resources\/a\.yaml:9 sensitivity: /,
    /^resources\/a\.yaml:9 colour: there is no such field$/,
    /^resources\/b\.yaml:1 the same name stands twice$/,
    /^resources\/b\.yaml:1 there is no team nobody$/,
    /^bundles\/a\.yaml:1 orders has no action orders\.burn$/,
    /^grants\/a\.yaml:1 there is no identity nobody$/,
    /^grants\/a\.yaml:1 there is no bundle no-such$/,
    /^grants\/a\.yaml:5 expiresAt: /,
    /^policies\/orders\.cedar:3 .*orders\.burn/,
    /^policies\/orders\.cedar:4 /,
    /^policies\/more\.cedar:1 .*kindness/,
  ])
    assert.ok(
      told.some((one: string) => wanted.test(one)),
      `${wanted} in\n${told.join('\n')}`,
    )
  assert.equal(done.isValid, false)
})

onEveryEngine(
  'lints tell of policies that are valid, by the line of the rule, also against what is in force',
  async (room) => {
    const policy = await open(room)
    await policy.call('policy.resource.create', RESOURCE)
    const set = [
      text(`@id("all-bots")\npermit (principal, ${READ}, resource) when { principal.kind == "bot" };`, 'set'),
    ]
    await policy.call('policy.set.change', { put: set })
    const done = await policy.call('policy.access.validate', {
      directory: 'shop',
      policies: [
        text(
          [
            `@id("some-bots")\npermit (principal, ${READ}, resource)\nwhen { principal.kind == "bot" && principal.tier == "low" };`,
            `// a name that nobody has\n@id("gone")\nforbid (principal, ${READ}, resource in Reeve::Resource::"ordres");`,
            `@id("all")\npermit (principal is Reeve::Identity, action, resource);`,
          ].join('\n'),
        ),
      ],
    })
    assert.deepEqual([done.isValid, done.problems], [true, []])
    assert.deepEqual(
      done.lints.map((one: { lint: string; policy: string; place: string }) => [one.lint, one.policy, one.place]),
      [
        ['shadowed', 'some-bots', 'policies/orders.cedar:1'],
        ['never-matching', 'gone', 'policies/orders.cedar:5'],
        ['over-broad', 'all', 'policies/orders.cedar:7'],
        ['wildcard', 'all', 'policies/orders.cedar:7'],
      ],
    )
    assert.match(done.lints[0].message, /all-bots \(policies\/set\.cedar:1\)/)
  },
)

onEveryEngine(
  'one wrong attribute in a policy for every action is one problem, with how many actions it is wrong for',
  async (room) => {
    const policy = await open(room)
    const forbid = (what: string) => `forbid (principal, action, resource) when { ${what} };`
    const { problems } = await policy.call('policy.access.validate', {
      resources: [RESOURCE],
      policies: [text([forbid('context.colour == "red"'), forbid('principal.kindness == 3')].join('\n'))],
    })
    assert.equal(problems.length, 2, JSON.stringify(problems))
    assert.match(
      problems[0].message,
      /^attribute `colour` in context for [1-9]\d actions, such as Reeve::Action::"[\w.]+" not found/,
    )
    assert.match(problems[1].message, /^attribute `kindness` on 4 entity types, such as `Reeve::Identity` not found/)
    assert.deepEqual(
      problems.map(({ place }: { place: string }) => place),
      ['policies/orders.cedar:1', 'policies/orders.cedar:2'],
    )
  },
)

onEveryEngine('validating changes nothing and needs no approval, whatever the directory would give', async (room) => {
  const policy = await open(room)
  const before = policy.memory.base().revision
  const done = await policy.call('policy.access.validate', {
    resources: [RESOURCE],
    grants: [{ identity: 'sync', resource: 'orders', actions: ['orders.purge'], expiresAt: '30d' }],
    policies: [text(`permit (principal == Reeve::Identity::"nhi_sync", ${READ}, resource);`)],
  })
  assert.deepEqual(done, { isValid: true, problems: [], lints: [], areLintsComplete: true })
  assert.equal(policy.memory.base().revision, before)
  assert.equal((await policy.call('policy.resource.list', {})).items.length, 0)
  assert.equal((await policy.call('policy.grant.list', {})).items.length, 0)
})
