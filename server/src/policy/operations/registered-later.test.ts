import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { resourceInput } from '../../../test/fakes/resources.ts'
import { onEveryEngine } from '../../../test/room.ts'

// Who approved a permit could not know of what is registered afterwards and falls under it.

const RESOURCE = resourceInput('late')
const WRITES = [...RESOURCE.actions, { name: 'late.write', effect: 'write' }]
const PURGES = [...RESOURCE.actions, { name: 'late.purge', effect: 'privileged' }]

/** Puts a permit that somebody approves, before the resource is there. */
const permit = async (policy: PolicyBench, text: string): Promise<void> => {
  const put = { put: [{ name: 'old', file: 'policies/old.cedar', text }], remove: [] }
  const approval = policy.approvals.give('apr_old', 'policy.set.change', put)
  await policy.call('policy.set.change', { ...put, approval })
}

const ALL_READS = 'permit (principal, action in Reeve::Action::"access:read", resource);'
const EVERYTHING = 'permit (principal, action, resource);'

// a permit, what is registered later, what that needs
const TABLE: readonly [string, string, object, string | undefined][] = [
  ['what is read and internal', ALL_READS, RESOURCE, undefined],
  [
    'what is confidential, under a permit of all reads',
    ALL_READS,
    { ...RESOURCE, sensitivity: 'confidential' },
    'late.read on late, which is confidential',
  ],
  ['a write, under a permit of reads alone', ALL_READS, { ...RESOURCE, actions: WRITES }, undefined],
  [
    'a write, under a permit of everything',
    EVERYTHING,
    { ...RESOURCE, actions: WRITES },
    'late.write on late, which is a write',
  ],
  [
    'what is privileged, under a permit of everything',
    EVERYTHING,
    { ...RESOURCE, actions: PURGES },
    'late.purge on late, which is privileged',
  ],
  [
    'a write, under a permit of its group',
    'permit (principal, action in Reeve::Action::"access:write", resource);',
    { ...RESOURCE, actions: WRITES },
    'late.write on late, which is a write',
  ],
  [
    'a write, in the deployment that a permit names',
    'permit (principal, action, resource in Reeve::Deployment::"reeve");',
    { ...RESOURCE, actions: WRITES },
    'late.write on late, which is a write',
  ],
  [
    'under the name that a permit gave before',
    'permit (principal, action, resource in Reeve::Resource::"late");',
    { ...RESOURCE, actions: WRITES },
    'late.write on late, which is a write',
  ],
  [
    'under another name',
    'permit (principal, action, resource in Reeve::Resource::"later");',
    { ...RESOURCE, actions: WRITES },
    undefined,
  ],
  [
    'under a permit for people alone',
    'permit (principal is Reeve::Person, action, resource);',
    { ...RESOURCE, actions: WRITES },
    undefined,
  ],
  [
    'what a condition on the resource leaves out',
    `permit (principal, action in Reeve::Action::"access:read", resource is Reeve::Resource) when { resource.sensitivity == "public" };`,
    { ...RESOURCE, sensitivity: 'confidential' },
    undefined,
  ],
  [
    'what a condition on others leaves open',
    'permit (principal is Reeve::Identity, action in Reeve::Action::"access:read", resource) when { principal.name == "nobody" };',
    { ...RESOURCE, sensitivity: 'regulated' },
    'late.read on late, which is regulated',
  ],
]

onEveryEngine(
  'what is registered later, and falls under an old permit, is registered with an approval',
  async (room, t) => {
    const policy = await openPolicy(room)
    for (const [row, [name, text, fields, why]] of TABLE.entries())
      await t.test(name, async () => {
        const late = `late-${row}`
        const resource = { ...fields, name: late, uri: `https://${late}.example/` }
        await permit(policy, text.replace('"late"', `"${late}"`))
        const directory = { directory: late, resources: [resource] }
        const dry = await policy.call('policy.access.apply', { ...directory, dryRun: true })
        const reason = `policies/old.cedar#1 permits ${why?.replace('on late', `on ${late}`)}`
        assert.deepEqual(dry.needsApproval, why === undefined ? [] : [reason])
        const create = (more: object) => policy.call('policy.resource.create', { ...resource, ...more })
        if (why === undefined) return await create({})
        await assert.rejects(policy.call('policy.access.apply', directory), { code: 'approval_missing' })
        await assert.rejects(create({}), { code: 'approval_missing' })
        const input = policy.operation('policy.resource.create').input.parse(resource)
        await create({ approval: policy.approvals.give('apr_late', 'policy.resource.create', input) })
      })
  },
)

onEveryEngine('a resource that changes so that an old permit gives more on it takes an approval', async (room, t) => {
  const policy = await openPolicy(room)
  await permit(
    policy,
    'permit (principal, action in [Reeve::Action::"access:read", Reeve::Action::"access:write"], resource);',
  )
  await policy.call('policy.resource.create', RESOURCE)
  const change = (fields: object) =>
    policy.call('policy.resource.change', { resource: 'late', ...fields, dryRun: true })
  for (const [name, fields, why] of [
    ['an action that writes', { actions: WRITES }, 'late.write on late, which is a write'],
    ['a privileged one, which the permit does not give', { actions: PURGES }, undefined],
    ['what it holds is confidential', { sensitivity: 'confidential' }, 'late.read on late, which is confidential'],
    ['another name', { name: 'other' }, undefined],
  ] as const)
    await t.test(name, async () => {
      const expected = why === undefined ? [] : [`policies/old.cedar#1 permits ${why}`]
      assert.deepEqual((await change(fields)).needsApproval, expected)
    })
  const written = { resource: 'late', actions: WRITES }
  const input = policy.operation('policy.resource.change').input.parse(written)
  await policy.call('policy.resource.change', {
    ...written,
    approval: policy.approvals.give('apr_1', 'policy.resource.change', input),
  })
  await t.test('what the permit gave already is nothing new', async () => {
    assert.deepEqual((await change({ isCustomerFacing: true })).needsApproval, [])
  })
  await t.test('in another environment it is open to others, so it is new there', async () => {
    const { needsApproval } = await change({ environment: 'staging' })
    assert.ok(needsApproval.includes('policies/old.cedar#1 permits late.write on late, which is a write'))
  })
})

onEveryEngine('what becomes a team’s falls under the permits on that team’s things', async (room) => {
  const policy = await openPolicy(room)
  policy.identities.put({ id: 'nhi_payer' })
  await permit(policy, 'permit (principal, action, resource in Reeve::Team::"payments");')
  const grave = { ...RESOURCE, actions: WRITES }
  await policy.call('policy.resource.create', grave)
  const changed = await policy.call('policy.resource.change', { resource: 'late', owner: 'payments', dryRun: true })
  assert.deepEqual(changed.needsApproval, ['policies/old.cedar#1 permits late.write on late, which is a write'])
  const born = { ...grave, name: 'born', uri: 'https://born.example/', owner: 'payments' }
  await assert.rejects(policy.call('policy.resource.create', born), { code: 'approval_missing' })
})

const RECORDS = {
  name: 'records',
  environment: 'production',
  askedBy: [],
  subjects: [{ type: 'user' }],
  resources: [
    {
      type: 'record',
      actions: [
        { name: 'read', effect: 'read' },
        { name: 'purge', effect: 'privileged' },
      ],
    },
  ],
}

onEveryEngine(
  'an application that is declared later falls under no permit of everything without an approval',
  async (room) => {
    const policy = await openPolicy(room)
    await permit(policy, EVERYTHING)
    const why = 'policies/old.cedar#1 permits purge on records::record, which is privileged'
    const apply = (application: object, more: object) =>
      policy.call('policy.access.apply', { directory: 'records', applications: [application], ...more })
    assert.deepEqual((await apply(RECORDS, { dryRun: true })).needsApproval, [why])
    await assert.rejects(apply(RECORDS, {}), { code: 'approval_missing' })
    const input = { directory: 'records', applications: [RECORDS] }
    const parsed = policy.operation('policy.access.apply').input.parse(input)
    await apply(RECORDS, { approval: policy.approvals.give('apr_1', 'policy.access.apply', parsed) })
    assert.deepEqual((await apply(RECORDS, { dryRun: true })).needsApproval, [], 'what was approved is nothing new')
    const [record] = RECORDS.resources
    const more = { ...RECORDS, resources: [record, { ...record, type: 'vault' }] }
    const { needsApproval } = await apply(more, { dryRun: true })
    assert.deepEqual(needsApproval, ['policies/old.cedar#1 permits purge on records::vault, which is privileged'])
    const elsewhere = { ...RECORDS, environment: 'staging' }
    const moved = ['records would be of staging', why]
    assert.deepEqual((await apply(elsewhere, { dryRun: true })).needsApproval, moved)
  },
)

onEveryEngine('a permit and a resource that come at the same moment are judged together', async (room) => {
  const policy = await openPolicy(room)
  const text = { name: 'reads', file: 'policies/reads.cedar', text: ALL_READS }
  const late = { ...RESOURCE, sensitivity: 'confidential' }
  for (let round = 0; round < 10; round++) {
    const ended = await Promise.allSettled([
      policy.call('policy.set.change', { put: [text] }),
      policy.call('policy.resource.create', { ...late, name: `late-${round}`, uri: `https://late-${round}.example/` }),
    ])
    const done = ended.filter(({ status }) => status === 'fulfilled').length
    // Whichever came second needs an approval.
    assert.equal(done, 1, JSON.stringify(ended))
    await policy.call('policy.set.change', { remove: ended[0]?.status === 'fulfilled' ? ['reads'] : [] })
    await room.database.write((tx) => tx.deleteFrom('policy_resource').execute())
  }
})

onEveryEngine('two resources that come at the same moment never give one action two meanings', async (room) => {
  const policy = await openPolicy(room)
  const declared = (name: string, action: string, effect: string) => ({
    ...{ name, uri: `https://${name}.example/`, environment: 'production', sensitivity: 'internal' },
    actions: [{ name: action, effect }],
  })
  const create = (name: string, action: string, effect: string) =>
    policy.call('policy.resource.create', declared(name, action, effect))
  const ways: readonly ((name: string, action: string, effect: string) => Promise<unknown>)[] = [
    create,
    (name, action, effect) =>
      policy.call('policy.access.apply', { directory: name, resources: [declared(name, action, effect)] }),
    (name, action, effect) =>
      policy.call('policy.resource.change', { resource: `known-${name}`, actions: [{ name: action, effect }] }),
  ]
  for (let round = 0; round < 4; round++)
    for (const [at, way] of ways.entries()) {
      const name = `r${round}-${at}`
      await create(`known-${name}-b`, `${name}.other`, 'read')
      await room.changes.catchUp()
      // Neither takes an approval, and one is nothing that a permit would take one for.
      const ended = await Promise.allSettled([
        create(`${name}-a`, `${name}.export`, 'read'),
        way(`${name}-b`, `${name}.export`, round % 2 === 0 ? 'write' : 'privileged'),
      ])
      const codes = ended.map((one) => (one.status === 'fulfilled' ? 'done' : one.reason.code))
      assert.deepEqual(codes.sort(), ['done', 'resource_action'], `${name}: ${JSON.stringify(ended)}`)
    }
})
