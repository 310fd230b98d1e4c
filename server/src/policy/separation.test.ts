import assert from 'node:assert/strict'
import { askForToken } from '../../test/fakes/ask-for-token.ts'
import { openPolicy, type PolicyBench } from '../../test/fakes/policy.ts'
import { adminCaller, onEveryEngine, type Room } from '../../test/room.ts'
import { systemRandom } from '../kit/random.ts'
import { createCallDecider } from './decide/decide-call.ts'
import { createEvaluator } from './evaluate/evaluator.ts'
import { sideOf } from './plan/grounds.ts'
import { rightsSide } from './plan/rights-side.ts'
import { findGrant } from './store-grant.ts'

const HOUR_MS = 60 * 60 * 1000

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room)
  for (const boundary of ['internal', 'regulated', 'third-party', 'internet'])
    policy.identities.put({ id: `nhi_${boundary}`, boundary })
  for (const sensitivity of ['public', 'internal', 'confidential', 'regulated'])
    await policy.call('policy.resource.create', {
      name: sensitivity,
      uri: `https://${sensitivity}.example/`,
      environment: 'production',
      sensitivity,
      actions: [
        { name: `${sensitivity}.read`, effect: 'read' },
        { name: `${sensitivity}.write`, effect: 'write' },
      ],
    })
  return policy
}

const grant = (policy: PolicyBench, identity: string, action: string, expiresAt = '30d'): Promise<{ id: string }> => {
  const [resource = ''] = action.split('.')
  return policy.call('policy.grant.create', { identity, resource, name: action, actions: [action], expiresAt })
}

const ask = (room: Room, policy: PolicyBench, identity: string, action: string) => {
  const [resource = ''] = action.split('.')
  return askForToken(room, policy, { identity: `nhi_${identity}`, resource, actions: [action] })
}

onEveryEngine(
  'an identity from outside that may read what is sensitive writes nothing where others read; one from within does',
  async (room) => {
    const policy = await open(room)
    for (const identity of ['internal', 'regulated', 'third-party', 'internet']) {
      const isOutside = identity === 'third-party' || identity === 'internet'
      for (const action of ['public.write', 'internal.write', 'confidential.write', 'public.read'])
        await grant(policy, identity, action)
      const answers = async () => {
        const all = ['public.write', 'internal.write', 'confidential.write', 'public.read']
        return Promise.all(all.map(async (action) => (await ask(room, policy, identity, action)).isAllowed))
      }
      assert.deepEqual(await answers(), [true, true, true, true], identity)
      const { id } = await grant(policy, identity, 'confidential.read')
      assert.deepEqual(await answers(), [!isOutside, !isOutside, true, true], identity)
      assert.equal((await ask(room, policy, identity, 'confidential.read')).isAllowed, true)
      if (!isOutside) continue
      const refused = await ask(room, policy, identity, 'public.write')
      assert.deepEqual(refused.decision.policies, [`${id}/read-write-separation`])
    }
  },
)

onEveryEngine('the separation ends with the grant, and no report-only lifts it before', async (room) => {
  const policy = await open(room)
  await grant(policy, 'internet', 'public.write')
  await grant(policy, 'internet', 'regulated.read', '1d')
  for (const target of ['internet', 'public']) {
    const kind = target === 'public' ? 'resource' : 'identity'
    const mode = { kind, target, reason: 'to see what happens' }
    const input = policy.operation('policy.mode.change').input.parse(mode)
    const approval = policy.approvals.give('apr_mode', 'policy.mode.change', input)
    await policy.call('policy.mode.change', { ...mode, approval })
  }
  assert.equal((await ask(room, policy, 'internet', 'public.write')).isAllowed, false)
  room.clock.advance(25 * HOUR_MS)
  assert.equal((await ask(room, policy, 'internet', 'public.write')).isAllowed, true)
})

onEveryEngine('an exception lifts the separation until its end, to the second, remembered or not', async (room) => {
  const policy = await open(room)
  await grant(policy, 'third-party', 'internal.write')
  await grant(policy, 'third-party', 'confidential.read')
  assert.equal((await ask(room, policy, 'third-party', 'internal.write')).isAllowed, false)
  const until = new Date(room.clock.now().getTime() + HOUR_MS)
  policy.exceptions.allow('read-write-separation', 'nhi_third-party', until)
  await room.database.write((tx) => room.changes.signal(tx, [{ topic: 'exception', key: 'nhi_third-party' }]))
  await room.changes.catchUp()
  assert.equal((await ask(room, policy, 'third-party', 'internal.write')).isAllowed, true)
  room.clock.advance(HOUR_MS)
  assert.equal((await ask(room, policy, 'third-party', 'internal.write')).isAllowed, false)
})

onEveryEngine('whoever asks why is told what separates, and what to do about it', async (room) => {
  const policy = await open(room)
  await grant(policy, 'internet', 'public.write')
  const { id } = await grant(policy, 'internet', 'confidential.read')
  const asked = { identity: 'internet', action: 'public.write', resource: 'public' }
  const { isAllowed, because, policies, wouldAllow } = await policy.call('policy.decision.can', asked)
  assert.deepEqual([isAllowed, wouldAllow], [false, null])
  assert.deepEqual(
    policies.map((one: { id: string; origin: string }) => [one.id, one.origin]),
    [[`${id}/read-write-separation`, 'grant confidential.read']],
  )
  assert.match(because.join(), /ask for an exception of the kind read-write-separation/)
})

/** Stores policies that somebody approves. */
const permit = async (policy: PolicyBench, text: string): Promise<void> => {
  const put = { put: [{ name: 'reads', file: 'policies/reads.cedar', text }], remove: [] }
  const approval = policy.approvals.give('apr_reads', 'policy.set.change', put)
  await policy.call('policy.set.change', { ...put, approval })
}

const READS = 'permit (principal, action == Reeve::Action::"confidential.read", resource)'
const SEPARATES = ['reeve:read-write-separation/reads']

// a permit, and whether who is of the boundary third-party or internet, and named so, is kept from writing by it
const PERMITS: readonly [string, string, readonly string[]][] = [
  ['of everybody', READS, ['third-party', 'internet']],
  [
    'of every read',
    'permit (principal, action in Reeve::Action::"access:read", resource)',
    ['third-party', 'internet'],
  ],
  ['of everything', 'permit (principal, action, resource is Reeve::Resource)', ['third-party', 'internet']],
  [
    'under a condition that a request may meet',
    `${READS} when { context has sourceIp && context.sourceIp.isInRange(ip("192.0.2.0/24")) }`,
    ['third-party', 'internet'],
  ],
  [
    'of one by a condition',
    `${READS} when { principal is Reeve::Identity && principal.name == "internet" && context has risk && context.risk < 50 }`,
    ['internet'],
  ],
  [
    'of all but one',
    `${READS} unless { principal is Reeve::Identity && principal.name == "internet" }`,
    ['third-party'],
  ],
  [
    'by a condition that looks at a resource which it names',
    `${READS} when { principal is Reeve::Identity && (principal.name == "nobody" || Reeve::Resource::"res_confidential" has uri) }`,
    ['third-party', 'internet'],
  ],
  [
    'of one by its head',
    'permit (principal == Reeve::Identity::"nhi_internet", action == Reeve::Action::"confidential.read", resource)',
    ['internet'],
  ],
  [
    'of a team',
    'permit (principal in Reeve::Team::"payments", action == Reeve::Action::"confidential.read", resource)',
    ['third-party', 'internet'],
  ],
  [
    'of another team',
    'permit (principal in Reeve::Team::"others", action == Reeve::Action::"confidential.read", resource)',
    [],
  ],
  ['of what is not sensitive', 'permit (principal, action == Reeve::Action::"internal.read", resource)', []],
  [
    'of what is sensitive, but for what is',
    `permit (principal, action in Reeve::Action::"access:read", resource is Reeve::Resource) when { resource.sensitivity == "public" }`,
    [],
  ],
  ['of a write alone', 'permit (principal, action == Reeve::Action::"confidential.write", resource)', []],
  ['of people', 'permit (principal is Reeve::Person, action, resource)', []],
]

onEveryEngine(
  'a policy by which an identity from outside may read what is sensitive separates as a grant does',
  async (room, t) => {
    const policy = await open(room)
    for (const identity of ['internal', 'third-party', 'internet']) await grant(policy, identity, 'public.write')
    for (const [name, text, separated] of PERMITS)
      await t.test(name, async () => {
        await permit(policy, `@id("reads")\n${text};`)
        for (const identity of ['internal', 'third-party', 'internet']) {
          const { isAllowed, decision } = await ask(room, policy, identity, 'public.write')
          assert.equal(isAllowed, !separated.includes(identity), identity)
          if (!isAllowed) assert.deepEqual(decision.policies, SEPARATES)
        }
      })
    await t.test('until the policy ends, and not while an exception lifts it', async () => {
      await permit(policy, `@id("reads")\n${READS};`)
      const until = new Date(room.clock.now().getTime() + HOUR_MS)
      policy.exceptions.allow('read-write-separation', 'nhi_internet', until)
      await room.database.write((tx) => room.changes.signal(tx, [{ topic: 'exception', key: 'nhi_internet' }]))
      await room.changes.catchUp()
      assert.equal((await ask(room, policy, 'internet', 'public.write')).isAllowed, true)
      room.clock.advance(HOUR_MS)
      assert.equal((await ask(room, policy, 'internet', 'public.write')).isAllowed, false)
      await policy.call('policy.set.change', { remove: ['reads'] })
      assert.equal((await ask(room, policy, 'internet', 'public.write')).isAllowed, true)
    })
    await t.test('what is written by a policy is separated from what is read by one', async () => {
      await permit(policy, `@id("reads")\npermit (principal, action, resource is Reeve::Resource);`)
      for (const [action, may] of [
        ['internal.write', false],
        ['confidential.write', true],
        ['regulated.read', true],
      ] as const)
        assert.equal((await ask(room, policy, 'third-party', action)).isAllowed, may, action)
    })
  },
)

onEveryEngine('a permit that is report-only separates nothing, and what it would separate is told', async (room) => {
  const policy = await open(room)
  await grant(policy, 'internet', 'public.write')
  await permit(policy, `@id("reads")\n${READS};`)
  const answer = () => ask(room, policy, 'internet', 'public.write')
  const planned = async () => {
    const grants = await room.database.reader.selectFrom('policy_grant').select('id').execute()
    const shown = await Promise.all(grants.map(({ id }) => findGrant(room.database.reader, id)))
    const side = sideOf(
      policy.memory.base(),
      shown.filter((one) => one !== undefined),
    )
    const identity = await policy.identities.find(room.database.reader, 'nhi_internet')
    assert.ok(identity)
    const resource = policy.memory.resource('public')?.id ?? ''
    return rightsSide(side, room.clock.now()).right(identity, [], { resource, action: 'public.write' }).level
  }
  assert.equal(await planned(), 'none')
  assert.equal((await answer()).isAllowed, false)
  const mode = { kind: 'policy', target: 'reads', reason: 'to see what happens', expiresAt: '2d' }
  const input = policy.operation('policy.mode.change').input.parse(mode)
  await policy.call('policy.mode.change', {
    ...mode,
    approval: policy.approvals.give('apr_mode', 'policy.mode.change', input),
  })
  await room.changes.catchUp()
  assert.equal(await planned(), 'always')
  const tried = await answer()
  assert.deepEqual([tried.isAllowed, tried.decision.outcome, tried.decision.policies], [true, 'deny', SEPARATES])
  assert.equal((await ask(room, policy, 'internet', 'confidential.read')).isAllowed, false, 'it gives nothing either')
  await grant(policy, 'internet', 'regulated.read', '1d')
  assert.equal((await answer()).isAllowed, false, 'what a grant separates stays so')
  room.clock.advance(25 * HOUR_MS)
  assert.equal((await answer()).isAllowed, true, 'the grant is over')
  room.clock.advance(25 * HOUR_MS)
  assert.equal((await answer()).isAllowed, false, 'the trial is over')
})

const NOTES = {
  name: 'notes',
  environment: 'production',
  resources: [
    {
      type: 'note',
      actions: [
        { name: 'read', effect: 'read' },
        { name: 'write', effect: 'write' },
      ],
      entities: [{ id: 'one' }],
    },
    {
      type: 'secret',
      sensitivity: 'confidential',
      actions: [
        { name: 'read', effect: 'read' },
        { name: 'write', effect: 'write' },
      ],
      entities: [{ id: 'one' }],
    },
  ],
}

onEveryEngine('applications’ own things are read and written under the same separation', async (room, t) => {
  const policy = await open(room)
  const evaluator = createEvaluator({
    memory: policy.memory,
    decider: createCallDecider(policy.memory, systemRandom()),
    hot: room.hot,
    clock: room.clock,
    ports: policy.ports,
    db: room.database.reader,
  })
  const writes = async (identity: string, type: string) => {
    const part = (of: string, id: string) => ({ type: of, id, properties: {} })
    const question = {
      subject: part('identity', `nhi_${identity}`),
      action: { name: 'write', properties: {} },
      resource: part(type, 'one'),
      context: {},
    }
    const [answer] = await evaluator.evaluate({ caller: adminCaller, askedAs: null }, [question], 'execute_all')
    return answer?.decided?.answered.isAllowed
  }
  const all = 'permit (principal, action == notes::Action::"write", resource);'
  const put = (text: string) => {
    const policies = [{ name: 'reads', file: 'policies/reads.cedar', text }]
    const input = { directory: 'notes', applications: [NOTES], policies }
    const parsed = policy.operation('policy.access.apply').input.parse(input)
    const approval = policy.approvals.give('apr_1', 'policy.access.apply', parsed)
    return policy.call('policy.access.apply', { ...input, approval })
  }
  await put(all)
  await t.test('who reads nothing that is sensitive writes', async () => {
    assert.deepEqual([await writes('internet', 'note'), await writes('internet', 'secret')], [true, true])
  })
  await t.test('who is granted to read what is sensitive writes nothing where others read', async () => {
    await grant(policy, 'internet', 'confidential.read')
    assert.deepEqual([await writes('internet', 'note'), await writes('internet', 'secret')], [false, true])
    assert.deepEqual([await writes('third-party', 'note'), await writes('internal', 'note')], [true, true])
  })
  await t.test(
    'who may read an application’s sensitive things writes nothing where others read, here and there',
    async () => {
      await grant(policy, 'third-party', 'public.write')
      assert.equal((await ask(room, policy, 'third-party', 'public.write')).isAllowed, true)
      await put(
        `${all}\n@id("secrets") permit (principal, action == notes::Action::"read", resource is notes::secret);`,
      )
      assert.deepEqual([await writes('third-party', 'note'), await writes('internal', 'note')], [false, true])
      assert.equal((await ask(room, policy, 'third-party', 'public.write')).isAllowed, false)
    },
  )
  await t.test('to call them less sensitive takes an approval', async () => {
    const [note, secret] = NOTES.resources
    const lower = { ...NOTES, resources: [note, { ...secret, sensitivity: 'internal' }] }
    const dry = await policy.call('policy.access.apply', { directory: 'notes', applications: [lower], dryRun: true })
    assert.deepEqual(dry.needsApproval, ['notes::secret would be only internal'])
  })
})
