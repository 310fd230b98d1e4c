import assert from 'node:assert/strict'
import { openPolicy } from '../../../test/fakes/policy.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'

const LIST = 'forbid (principal, action == Reeve::Action::"orders.list", resource);'
const READ = 'forbid (principal, action == Reeve::Action::"orders.read", resource in Reeve::Resource::"orders");'
// Neither has an id of its own, so that their places in the files name them.
const WEAK = { name: 'weak', file: 'weak.cedar', text: LIST }
const STRONG = { name: 'strong', file: 'strong.cedar', text: READ }

const resource = {
  name: 'orders',
  uri: 'https://orders.example/',
  environment: 'production',
  sensitivity: 'internal',
  actions: [
    { name: 'orders.read', effect: 'read' },
    { name: 'orders.list', effect: 'read' },
  ],
}

const open = async (room: Room) => {
  const policy = await openPolicy(room)
  await policy.call('policy.resource.create', resource)
  await policy.call('policy.set.change', { put: [WEAK, STRONG] })
  const isEnforced = (id: string): boolean => policy.memory.enforced().get(id) !== undefined
  const wanted = { kind: 'policy', target: 'weak.cedar#1', reason: 'tried out', expiresAt: '14d' }
  const tryOut = () =>
    policy.call('policy.mode.change', {
      ...wanted,
      approval: policy.approvals.give('apr_1', 'policy.mode.change', wanted),
    })
  return { policy, isEnforced, tryOut }
}

onEveryEngine('a forbid does not cease by coming to stand under an id that is report-only', async (room) => {
  const { policy, isEnforced, tryOut } = await open(room)
  await tryOut()
  assert.deepEqual([isEnforced('weak.cedar#1'), isEnforced('strong.cedar#1')], [false, true])
  const [weak, strong] = [WEAK, STRONG]
  for (const put of [
    [
      { ...weak, file: strong.file },
      { ...strong, file: weak.file },
    ],
    [
      { ...weak, text: READ },
      { ...strong, text: LIST },
    ],
  ])
    await assert.rejects(policy.call('policy.set.change', { put }), { code: 'approval_missing' })
  // What is tried out is moved about as before, and what stands twice is forbidden by the one that is enforced.
  await policy.call('policy.set.change', { put: [{ ...weak, text: `${LIST}\n${READ}` }] })
  await assert.rejects(policy.call('policy.set.change', { remove: ['weak'] }), { code: 'approval_missing' })
})

onEveryEngine('a policy that comes again under the id of one that ended is enforced', async (room) => {
  const { policy, isEnforced, tryOut } = await open(room)
  await tryOut()
  const ending = { remove: ['weak'] }
  const parsed = policy.operation('policy.set.change').input.parse(ending)
  const approval = policy.approvals.give('apr_2', 'policy.set.change', parsed)
  await policy.call('policy.set.change', { ...ending, approval })
  assert.equal((await policy.call('policy.mode.list', {})).items.length, 0)
  await policy.call('policy.set.change', { put: [{ ...WEAK, text: READ }] })
  assert.equal(isEnforced('weak.cedar#1'), true)
})

onEveryEngine('an approval to try out a policy names what it says, not only its id', async (room) => {
  const { policy, tryOut } = await open(room)
  const reasons: string[] = []
  const spend = policy.approvals.spend
  policy.ports.approvals.spend = (tx, given) => {
    reasons.push(...given.needed.why)
    return spend(tx, given)
  }
  await tryOut()
  await policy.call('policy.mode.promote', { kind: 'policy', target: 'weak.cedar#1' })
  await policy.call('policy.set.change', {
    put: [
      { ...WEAK, file: STRONG.file },
      { ...STRONG, file: WEAK.file },
    ],
  })
  await tryOut()
  assert.equal(new Set(reasons).size, 2, reasons.join('\n'))
})

onEveryEngine(
  'a resource does not get out of a forbid under another name or word without an approval',
  async (room) => {
    const { policy } = await open(room)
    await assert.rejects(policy.call('policy.resource.change', { resource: 'orders', name: 'renamed' }), {
      code: 'approval_missing',
    })
    const ofInternal = {
      name: 'internal',
      file: 'internal.cedar',
      text: 'forbid (principal, action, resource) when { resource is Reeve::Resource && resource.sensitivity == "internal" };',
    }
    await policy.call('policy.set.change', { put: [ofInternal] })
    const secret = { resource: 'orders', sensitivity: 'confidential' }
    const told = await policy.call('policy.resource.change', { ...secret, dryRun: true })
    assert.deepEqual(told.needsApproval, ['internal.cedar#1 would no longer forbid orders.read on orders'])
    await assert.rejects(policy.call('policy.resource.change', secret), { code: 'approval_missing' })
    // What no forbid looks at changes as before.
    await policy.call('policy.resource.change', { resource: 'orders', uri: 'https://other.example/' })
  },
)

onEveryEngine('a policy with what no reviewer sees is refused', async (room) => {
  const { policy } = await open(room)
  for (const hidden of ['\u202e', '\u2066', '\u200b', '\u2028', '\ufeff'])
    await assert.rejects(
      policy.call('policy.set.change', { put: [{ ...WEAK, text: `// ${hidden} nothing\n${LIST}` }] }),
      { code: 'invalid_input' },
      `U+${hidden.charCodeAt(0).toString(16)}`,
    )
  await policy.call('policy.set.change', { put: [{ ...WEAK, text: `// größer, 日本, عربي\n${LIST}` }] })
})
