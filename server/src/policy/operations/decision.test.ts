import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { adminCaller, onEveryEngine, type Room } from '../../../test/room.ts'
import { systemRandom } from '../../kit/random.ts'
import type { EventDraft } from '../../ledger/event.ts'
import { createTokenDecider, type TokenQuestion, type TokenVerdict } from '../decide/decide-token.ts'
import { createCallDecider, createWhyDecision } from '../index.ts'

interface Bench extends PolicyBench {
  /** Asks for a token and records the decision as the broker does. */
  decide(question: Partial<TokenQuestion>): Promise<TokenVerdict>
}

const open = async (room: Room): Promise<Bench> => {
  const policy = await openPolicy(room)
  policy.identities.put({ id: 'nhi_sync', name: 'orders-sync' })
  for (const [name, environment] of [
    ['orders-api', 'production'],
    ['orders-st', 'staging'],
  ])
    await policy.call('policy.resource.create', {
      name,
      uri: `https://${name}.example/`,
      environment,
      sensitivity: 'internal',
      actions: [
        { name: 'orders.read', effect: 'read' },
        { name: 'orders.export', effect: 'read' },
      ],
    })
  await policy.call('policy.set.change', {
    put: [
      {
        name: 'orders',
        file: 'policies/orders.cedar',
        text: '// why\n@id("export-needs-ticket")\npermit (principal, action == Reeve::Action::"orders.export", resource)\nwhen { principal.hasTag("export_ticket") };',
      },
    ],
  })
  const decider = createTokenDecider(policy.memory, systemRandom())
  return {
    ...policy,
    decide: async (question) => {
      await policy.memory.warm('nhi_sync')
      const verdict = decider({
        subject: { id: 'nhi_sync', environment: 'production' },
        resource: { id: policy.memory.resource('orders-api')?.id ?? '' },
        actions: ['orders.read'],
        credential: { kind: 'private_key_jwt' },
        instance: null,
        sourceIp: '10.0.0.7',
        now: room.clock.now(),
        ...question,
      })
      await record(room, verdict)
      return verdict
    },
  }
}

const record = async (room: Room, verdict: TokenVerdict): Promise<void> => {
  const draft: EventDraft = {
    kind: 'broker.token.issue',
    outcome: verdict.isAllowed ? 'done' : 'refused',
    code: null,
    actor: { principalType: 'nhi', id: 'nhi_sync', name: 'orders-sync' },
    instance: null,
    credential: null,
    token: null,
    workflow: null,
    on: { type: 'Resource', id: null, name: 'orders-api', environment: 'production', team: null },
    change: [],
    decision: verdict.decision,
    approval: null,
    evidence: {},
    tags: {},
    source: adminCaller.source,
    correlation: { requestId: 'req_1', traceparent: null, cause: null },
  }
  await room.hot.run({ judge: async () => ({ drafts: [draft], kept: verdict.kept, value: true }) })
}

onEveryEngine(
  'a refusal says which policy, which attribute, and a grant that turns it when it is given',
  async (room) => {
    const policy = await open(room)
    const refused = await policy.decide({ actions: ['orders.export'] })
    const shown = await policy.call('policy.decision.show', { decision: refused.decision.id })
    assert.equal(shown.outcome, 'deny')
    assert.match(shown.summary, /orders-sync was refused: orders\.export on orders-api/)
    assert.deepEqual(shown.missing, ['principal.tags.export_ticket'])
    const near = shown.policies.find(({ id }: { id: string }) => id === 'export-needs-ticket')
    assert.equal(near.origin, 'policies/orders.cedar:1')
    assert.match(near.text, /hasTag/)
    assert.match(shown.because.join('\n'), /export-needs-ticket would permit it, but/)
    assert.match(
      shown.wouldAllow,
      /- identity: "orders-sync"\n {2}resource: "orders-api"\n {2}actions: \["orders.export"\]/,
    )
    assert.match(shown.next, /reeve apply/)
    const expiresAt = /expiresAt: "([^"]+)"/.exec(shown.wouldAllow)?.[1]
    await policy.call('policy.grant.create', {
      identity: 'orders-sync',
      resource: 'orders-api',
      actions: ['orders.export'],
      expiresAt,
    })
    assert.equal((await policy.decide({ actions: ['orders.export'] })).isAllowed, true)
  },
)

onEveryEngine(
  'a decision is replayed on what it was decided on, and says whether it would now be another',
  async (room) => {
    const policy = await open(room)
    const grant = await policy.call('policy.grant.create', {
      identity: 'orders-sync',
      resource: 'orders-api',
      actions: ['orders.read'],
      expiresAt: '30d',
    })
    const allowed = await policy.decide({})
    const refused = await policy.decide({ actions: ['orders.export'] })
    const replay = (verdict: TokenVerdict) => policy.call('policy.decision.replay', { decision: verdict.decision.id })
    assert.equal((await replay(allowed)).flipped, false)
    assert.equal((await replay(refused)).flipped, false)
    // The tag that the identity has now is not the one it had: a replay sees what was, not what is.
    policy.identities.put({ id: 'nhi_sync', name: 'orders-sync', tags: { export_ticket: 'T-1' } })
    await room.database.write((tx) => room.changes.signal(tx, [{ topic: 'identity', key: 'nhi_sync' }]))
    await room.changes.catchUp()
    assert.equal((await replay(refused)).flipped, false)
    assert.equal((await policy.decide({ actions: ['orders.export'] })).isAllowed, true)
    await policy.call('policy.grant.revoke', { grant: grant.id, reason: 'test' })
    const flipped = await replay(allowed)
    assert.deepEqual([flipped.flipped, flipped.before.outcome, flipped.now.outcome], [true, 'allow', 'deny'])
    await policy.call('policy.set.change', {
      put: [
        {
          name: 'all',
          file: 'all.cedar',
          text: '@id("read-all")\npermit (principal, action == Reeve::Action::"orders.read", resource);',
        },
      ],
    })
    const back = await replay(allowed)
    assert.deepEqual(
      [back.flipped, back.policies[0].id, back.before.revision === back.now.revision],
      [false, 'read-all', false],
    )
  },
)

onEveryEngine(
  'a decision is shown with the texts that decided then, though they changed and the grant ended',
  async (room) => {
    const policy = await open(room)
    const terms = { identity: 'orders-sync', resource: 'orders-api', actions: ['orders.read'], expiresAt: '30d' }
    const grant = await policy.call('policy.grant.create', terms)
    const allowed = await policy.decide({})
    const text = (body: string) => ({ put: [{ name: 'stop', file: 'stop.cedar', text: body }], remove: [] })
    await policy.call(
      'policy.set.change',
      text('@id("stop")\nforbid (principal is Reeve::Identity, action, resource);'),
    )
    const refused = await policy.decide({})
    const mended = text('// mended\n@id("stop")\nforbid (principal == Reeve::Identity::"x", action, resource);')
    const approval = policy.approvals.give('apr_1', 'policy.set.change', mended)
    await policy.call('policy.set.change', { ...mended, approval })
    await policy.call('policy.grant.revoke', { grant: grant.id, reason: 'test' })
    const show = async (verdict: TokenVerdict) =>
      (await policy.call('policy.decision.show', { decision: verdict.decision.id })).policies
    const [was] = await show(refused)
    assert.deepEqual(
      [was.id, was.text, was.origin],
      ['stop', '@id("stop")\nforbid (principal is Reeve::Identity, action, resource);', 'stop.cedar:1'],
    )
    const [given] = await show(allowed)
    assert.equal(given.id, grant.id)
    assert.match(given.text, /orders\.read/)
  },
)

onEveryEngine(
  'a refusal across environments names the invariant and the exception that would lift it',
  async (room) => {
    const policy = await open(room)
    const resource = { id: policy.memory.resource('orders-st')?.id ?? '' }
    const refused = await policy.decide({ resource })
    const why = await createWhyDecision(policy.ports)(room.database.reader, refused.decision.id, room.clock.now())
    assert.deepEqual(
      why?.policies.map(({ id }) => id),
      ['reeve:environment-isolation'],
    )
    assert.equal(why?.wouldAllow, null)
    assert.match(why?.next ?? '', new RegExp(`nhi_sync/${resource.id}`))
    assert.equal((await policy.call('policy.decision.replay', { decision: refused.decision.id })).flipped, false)
  },
)

onEveryEngine('the refusal of a call by a person is explained as well', async (room) => {
  const policy = await open(room)
  const { decide } = createCallDecider(policy.memory, systemRandom())
  const caller = { ...adminCaller, roles: [{ role: 'viewer', team: null }] } as const
  const subject = { type: 'Deployment', id: 'reeve', name: 'reeve', environment: null, team: null } as const
  const answer = decide({ caller, action: 'policy.access.apply', subject, now: room.clock.now() })
  await record(room, { ...answer, actions: [], obligations: [] })
  const why = await createWhyDecision(policy.ports)(room.database.reader, answer.decision.id, room.clock.now())
  assert.match(why?.because.join('\n') ?? '', /reeve:admin would permit it/)
  assert.match(why?.next ?? '', /role/)
})

onEveryEngine(
  'asking what an identity can do answers as a decision would, is marked simulated, and issues nothing',
  async (room) => {
    const policy = await open(room)
    const can = (input: object) =>
      policy.call('policy.decision.can', {
        identity: 'orders-sync',
        action: 'orders.read',
        resource: 'orders-api',
        ...input,
      })
    const before = await can({})
    assert.deepEqual([before.simulated, before.isAllowed, before.enforced], [true, false, true])
    assert.match(before.wouldAllow, /orders\.read/)
    const conditions = { sourceNetworks: ['10.0.0.0/8'] }
    await policy.call('policy.grant.create', {
      identity: 'orders-sync',
      resource: 'orders-api',
      actions: ['orders.read'],
      conditions,
      expiresAt: '1d',
    })
    assert.equal((await can({ sourceIp: '10.1.1.1' })).isAllowed, true)
    const unknown = await can({})
    assert.deepEqual([unknown.isAllowed, unknown.missing], [false, ['context.sourceIp']])
    const later = new Date(room.clock.now().getTime() + 2 * 86_400_000).toISOString()
    assert.equal((await can({ sourceIp: '10.1.1.1', at: later })).isAllowed, false)
    const across = await can({ resource: 'orders-st' })
    assert.deepEqual(
      across.policies.map(({ id }: { id: string }) => id),
      ['reeve:environment-isolation'],
    )
    await assert.rejects(can({ identity: 'nobody' }), { code: 'grant_identity' })
    await assert.rejects(can({ resource: 'nothing' }), { code: 'resource_not_found' })
  },
)

onEveryEngine(
  'an answer that hangs on a fact that was not given names it, whether it is yes or no, and one that does not names none',
  async (room) => {
    const policy = await open(room)
    const asked = { identity: 'orders-sync', action: 'orders.read', resource: 'orders-api' }
    const can = async (input: object = {}) => {
      const { isAllowed, notGiven } = await policy.call('policy.decision.can', { ...asked, ...input })
      return [isAllowed, ...notGiven]
    }
    const give = (conditions: object) =>
      policy.call('policy.grant.create', {
        identity: 'orders-sync',
        resource: 'orders-api',
        actions: ['orders.read'],
        conditions,
        expiresAt: '1d',
      })
    assert.deepEqual(await can(), [false], 'nothing was granted')
    const { id } = await give({ sourceNetworks: ['10.0.0.0/8'], credentialAgeDaysMax: 2 })
    assert.deepEqual(await can(), [false, 'sourceIp', 'credentialCreatedAt'])
    const made = room.clock.now().toISOString()
    assert.deepEqual(await can({ sourceIp: '10.0.0.1' }), [false, 'credentialCreatedAt'])
    assert.deepEqual(await can({ sourceIp: '10.0.0.1', credentialCreatedAt: made }), [true])
    assert.deepEqual(await can({ sourceIp: '192.0.2.1', credentialCreatedAt: made }), [false])
    assert.deepEqual(await can({ resource: 'orders-st' }), [false], 'no fact crosses environments')
    await policy.call('policy.grant.revoke', { grant: id, reason: 'a test' })
    await give({})
    assert.deepEqual(await can(), [true])
    const rule = async (text: string) => {
      const put = { put: [{ name: 'rules', file: 'rules.cedar', text }] }
      const input = policy.operation('policy.set.change').input.parse(put)
      const approval = policy.approvals.give('apr_set', 'policy.set.change', input)
      await policy.call('policy.set.change', { ...put, approval })
    }
    const forbid = 'forbid (principal is Reeve::Identity, action, resource is Reeve::Resource)'
    const instance = 'context has instance && context.instance == "one"'
    await rule(`${forbid} when { ${instance} };`)
    assert.deepEqual(await can(), [true, 'instance'])
    assert.deepEqual([await can({ instance: 'one' }), await can({ instance: 'two' })], [[false], [true]])
    await rule(`${forbid} unless { ${instance} };`)
    assert.deepEqual([await can(), await can({ instance: 'one' })], [[false, 'instance'], [true]])
    await rule(`${forbid} unless { ${instance} }; ${forbid} when { principal.kind != "nothing" };`)
    assert.deepEqual(await can(), [false], 'another forbid stands whatever is said')
    await rule(`${forbid} when { principal.kind == "nothing" && ${instance} };`)
    assert.deepEqual(await can(), [true], 'a forbid that is for nobody like it')
  },
)

onEveryEngine('a decision that is unknown, or whose request is no longer kept, is said to be so', async (room) => {
  const policy = await open(room)
  const none = { decision: 'dec_none' }
  await assert.rejects(policy.call('policy.decision.show', none), { code: 'decision_not_found' })
  await assert.rejects(policy.call('policy.decision.replay', none), { code: 'decision_not_found' })
  assert.equal(await createWhyDecision(policy.ports)(room.database.reader, 'dec_none', room.clock.now()), undefined)
  const refused = await policy.decide({})
  await room.database.write((tx) => tx.deleteFrom('ledger_kept').execute())
  const shown = await policy.call('policy.decision.show', { decision: refused.decision.id })
  assert.deepEqual([shown.outcome, shown.wouldAllow], ['deny', null])
  await assert.rejects(policy.call('policy.decision.replay', { decision: refused.decision.id }), {
    code: 'decision_forgotten',
  })
})
