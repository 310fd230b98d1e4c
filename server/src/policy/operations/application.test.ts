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
    const gone = await apply(bench, {})
    assert.deepEqual(
      gone.objects.map(({ verb }: { verb: string }) => verb),
      ['removed', 'removed'],
    )
    await assert.rejects(bench.call('policy.application.show', { application: 'records' }), {
      code: 'application_not_found',
    })
  },
)

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
