import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { onEveryEngine } from '../../../test/room.ts'

const RECORDS = {
  name: 'records',
  environment: 'Prod',
  askedBy: ['app'],
  subjects: [{ type: 'user', stated: { role: 'string' }, entities: [{ id: 'bob', attributes: { role: 'admin' } }] }],
  resources: [
    {
      type: 'record',
      attributes: { size: 'long' },
      actions: [
        { name: 'read', effect: 'read' },
        { name: 'purge', effect: 'privileged' },
      ],
      entities: [{ id: 'one', attributes: { size: 7 } }],
    },
  ],
}
const policy = (text: string) => [{ name: 'records', file: 'policies/records.cedar', text }]
const READ = 'permit (principal is records::user, action == records::Action::"read", resource is records::record);'

const apply = (bench: PolicyBench, part: object, directory = 'records') =>
  bench.call('policy.access.apply', { directory, ...part })

onEveryEngine(
  'an application is declared, shown, changed, and gone when its directory declares it no more',
  async (room) => {
    const bench = await openPolicy(room)
    bench.identities.put({ id: 'nhi_app' })
    const done = await apply(bench, { applications: [RECORDS], policies: policy(READ) })
    assert.deepEqual(
      done.objects.map(
        ({ type, name, verb }: { type: string; name: string; verb: string }) => `${type} ${name} ${verb}`,
      ),
      ['application records created', 'policy records created'],
    )
    const shown = await bench.call('policy.application.show', { application: 'records' })
    assert.deepEqual([shown.environment, shown.askedBy], ['production', ['nhi_app']])
    const again = await apply(bench, { applications: [RECORDS], policies: policy(READ) })
    assert.ok(again.objects.every(({ verb }: { verb: string }) => verb === 'unchanged'))
    const { items } = await bench.call('policy.application.list', {})
    assert.deepEqual(items[0].types[1], { type: 'record', entities: 1, actions: ['read', 'purge'] })
    // Policies that speak of it would mean nothing without it.
    await assert.rejects(apply(bench, { policies: policy(READ) }), { code: 'policy_invalid' })
    const [record] = RECORDS.resources
    const harmless = [{ ...record, type: 'note', actions: [{ name: 'read', effect: 'read' }] }]
    const others = { ...RECORDS, name: 'notes', subjects: [], resources: harmless }
    await apply(bench, { applications: [others] }, 'notes')
    const left = await apply(bench, {}, 'notes')
    assert.deepEqual(
      left.objects.map(
        ({ type, name, verb }: { type: string; name: string; verb: string }) => `${type} ${name} ${verb}`,
      ),
      ['application notes removed'],
    )
    const gone = await approved(bench, {})
    assert.deepEqual(
      gone.objects.map(({ verb }: { verb: string }) => verb),
      ['removed', 'removed'],
    )
    await assert.rejects(bench.call('policy.application.show', { application: 'records' }), {
      code: 'application_not_found',
    })
  },
)

/** Applies it with the approval that it asks for. */
const approved = async (bench: PolicyBench, part: object) => {
  const { needsApproval } = await apply(bench, { ...part, dryRun: true })
  assert.notDeepEqual(needsApproval, [])
  const input = bench.operation('policy.access.apply').input.parse({ directory: 'records', ...part })
  bench.approvals.give('apr_application', 'policy.access.apply', input)
  return apply(bench, { ...part, approval: 'apr_application' })
}

onEveryEngine(
  'an application that contradicts itself or another is refused, and nothing of it is stored',
  async (room) => {
    const bench = await openPolicy(room)
    bench.identities.put({ id: 'nhi_app' })
    const [user] = RECORDS.subjects
    const [record] = RECORDS.resources
    const wrong: [object, string][] = [
      [{ ...RECORDS, subjects: [user, user] }, 'application_invalid'],
      [
        { ...RECORDS, subjects: [{ ...user, entities: [{ id: 'x', attributes: { role: 7 } }] }] },
        'application_invalid',
      ],
      [{ ...RECORDS, subjects: [{ ...user, entities: [{ id: 'x', attributes: { age: 7 } }] }] }, 'application_invalid'],
      [{ ...RECORDS, subjects: [{ ...user, attributes: { role: 'string' } }] }, 'application_invalid'],
      [{ ...RECORDS, subjects: [{ ...user, entities: [{ id: 'x' }, { id: 'x' }] }] }, 'application_invalid'],
      [{ ...RECORDS, askedBy: ['nobody'] }, 'grant_identity'],
      [{ ...RECORDS, name: 'Reeve' }, 'invalid_input'],
      [{ ...RECORDS, resources: [{ ...record, type: 'resource' }] }, 'invalid_input'],
    ]
    for (const [application, code] of wrong)
      await assert.rejects(apply(bench, { applications: [application] }), { code }, JSON.stringify(application))
    await apply(bench, { applications: [RECORDS] })
    await assert.rejects(apply(bench, { applications: [{ ...RECORDS, name: 'others' }] }, 'others'), {
      code: 'application_invalid',
    })
    assert.equal((await bench.call('policy.application.list', {})).items.length, 1)
  },
)

onEveryEngine('a permit of what an application calls privileged needs an approval', async (room) => {
  const bench = await openPolicy(room)
  bench.identities.put({ id: 'nhi_app' })
  await apply(bench, { applications: [RECORDS], policies: policy(READ) })
  const purge = policy(READ.replace('"read"', '"purge"'))
  const asked = await apply(bench, { applications: [RECORDS], policies: purge, dryRun: true })
  assert.match(asked.needsApproval.join(), /purge/)
})

onEveryEngine('what an action of an application does is called more, or less, only with an approval', async (room) => {
  const bench = await openPolicy(room)
  bench.identities.put({ id: 'nhi_app' })
  const effects = (read: string, purge: string) => {
    const [record] = RECORDS.resources
    const actions = [
      { name: 'read', effect: read },
      { name: 'purge', effect: purge },
    ]
    return { applications: [{ ...RECORDS, resources: [{ ...record, actions }] }], policies: policy(READ) }
  }
  await apply(bench, effects('read', 'privileged'))
  const permitted = 'policies/records.cedar#1 permits read on records::record, which is privileged'
  for (const [read, purge, ...why] of [
    ['privileged', 'privileged', 'read on records::record would be privileged instead of read', permitted],
    ['write', 'privileged', 'read on records::record would be write instead of read'],
    ['read', 'read', 'purge on records::record would be read instead of privileged'],
  ] as const) {
    const change = effects(read, purge)
    assert.deepEqual((await apply(bench, { ...change, dryRun: true })).needsApproval, why)
    await assert.rejects(apply(bench, change), { code: 'approval_missing' })
  }
  const { actions } = (await bench.call('policy.application.show', { application: 'records' })).resources[0]
  assert.deepEqual(
    actions.map(({ effect }: { effect: string }) => effect),
    ['read', 'privileged'],
  )
})

const OTHER = [{ type: 'note', actions: [{ name: 'read', effect: 'read' }] }]
const graded = (sensitivity: string, effect: string, more: object = {}) => {
  const [record] = RECORDS.resources
  const resources = [{ ...record, sensitivity, actions: [{ name: 'read', effect }] }]
  return { applications: [{ ...RECORDS, resources, ...more }] }
}

onEveryEngine(
  "what an application's things hold is not called less sensitive, nor ended to be declared as less, without an approval",
  async (room) => {
    const bench = await openPolicy(room)
    bench.identities.put({ id: 'nhi_app' })
    await apply(bench, graded('confidential', 'read'))
    for (const [change, why] of [
      [graded('internal', 'read'), 'records::record would be only internal'],
      [
        graded('confidential', 'read', { resources: OTHER }),
        'records::record, which is confidential, would not be declared any more',
      ],
      [{ applications: [] }, 'records::record, which is confidential, would not be declared any more'],
      [graded('confidential', 'read', { environment: 'staging' }), 'records would be of staging'],
    ] as const) {
      assert.deepEqual((await apply(bench, { ...change, dryRun: true })).needsApproval, [why])
      await assert.rejects(apply(bench, change), { code: 'approval_missing' })
    }
    await apply(bench, graded('regulated', 'read'))
    await approved(bench, { applications: [] })
    await apply(bench, graded('public', 'write'))
    const asked = await apply(bench, { ...graded('public', 'write', { resources: OTHER }), dryRun: true })
    assert.deepEqual(asked.needsApproval, ['read on records::record, which is a write, would not be declared any more'])
  },
)

onEveryEngine(
  'a permit to identities of what an application calls sensitive or a write needs an approval, whichever comes first',
  async (room) => {
    const bench = await openPolicy(room)
    bench.identities.put({ id: 'nhi_app' })
    const any = policy('permit (principal, action == records::Action::"read", resource);')
    const reading = policy('permit (principal is Reeve::Identity, action in Reeve::Action::"access:read", resource);')
    const users = policy(READ)
    const needs = async (part: object) => (await apply(bench, { ...part, dryRun: true })).needsApproval
    const permits = (why: string) => [`policies/records.cedar#1 permits read on records::record, which is ${why}`]
    for (const policies of [any, reading]) {
      assert.deepEqual(await needs({ ...graded('internal', 'read'), policies }), [])
      assert.deepEqual(await needs({ ...graded('confidential', 'read'), policies }), permits('confidential'))
    }
    assert.deepEqual(await needs({ ...graded('internal', 'write'), policies: any }), permits('a write'))
    // Subjects of the application are none that Reeve grants anything.
    assert.deepEqual(await needs({ ...graded('regulated', 'write'), policies: users }), [])
    // The other way round: the permit stands, and what falls under it is declared, or called more.
    await apply(bench, { policies: reading })
    const declared = { ...graded('confidential', 'read'), policies: reading }
    assert.deepEqual(await needs(declared), permits('confidential'))
    await apply(bench, { ...graded('internal', 'read'), policies: reading })
    assert.deepEqual(await needs(declared), permits('confidential'))
    await approved(bench, declared)
    assert.deepEqual(await needs({ ...graded('regulated', 'read'), policies: reading }), [])
  },
)
