import assert from 'node:assert/strict'
import { askForToken } from '../../../test/fakes/ask-for-token.ts'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { explainRecorded } from '../explain.ts'
import { readKept } from './recorded-request.ts'

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room)
  policy.identities.put({
    id: 'nhi_sync',
    workflow: { name: 'nightly', repository: 'git.example/orders' },
    pipeline: 'git.example/orders/release.yml#deploy',
  })
  await policy.call('policy.resource.create', {
    name: 'orders',
    uri: 'https://orders.example/',
    environment: 'production',
    sensitivity: 'internal',
    actions: [
      { name: 'orders.read', effect: 'read' },
      { name: 'orders.purge', effect: 'privileged' },
    ],
  })
  return policy
}

const rule = async (policy: PolicyBench, text: string): Promise<void> => {
  const put = { put: [{ name: 'rules', file: 'rules.cedar', text }] }
  const input = policy.operation('policy.set.change').input.parse(put)
  await policy.call('policy.set.change', {
    ...put,
    approval: policy.approvals.give('apr_set', 'policy.set.change', input),
  })
}

const permitted = (when: string): string =>
  `permit (principal, action == Reeve::Action::"orders.read", resource) when { ${when} };`
const forbidden = (clause: string): string =>
  `${permitted('true')} forbid (principal, action, resource is Reeve::Resource) ${clause};`

onEveryEngine(
  'a rule for a region holds for that region, and where nobody can say it fails closed in every spelling',
  async (room) => {
    const policy = await open(room)
    for (const text of [
      permitted('context has sourceRegion && context.sourceRegion == "DE"'),
      forbidden('unless { context has sourceRegion && ["DE", "AT"].contains(context.sourceRegion) }'),
      forbidden('when { context has sourceRegion && context.sourceRegion != "DE" }'),
    ]) {
      await rule(policy, text)
      assert.equal((await askForToken(room, policy, { sourceRegion: 'DE' })).isAllowed, true, text)
      for (const from of [{ sourceRegion: 'FR' }, { sourceRegion: 'unknown' }, { sourceRegion: null }, {}])
        assert.equal((await askForToken(room, policy, from)).isAllowed, false, `${JSON.stringify(from)} ${text}`)
    }
  },
)

onEveryEngine(
  'what the register says of an identity is stated, and what nothing proves is stated as none',
  async (room) => {
    const policy = await open(room)
    await rule(policy, permitted('true'))
    const { kept } = await askForToken(room, policy)
    const { context = {} } = readKept(kept[0]?.body ?? '') ?? {}
    const { environment, workflow, repository, pipeline, pipelineStage, attestation, devicePosture, risk } = context
    assert.deepEqual(
      { environment, workflow, repository, pipeline, pipelineStage, attestation, devicePosture, risk },
      {
        environment: 'production',
        workflow: 'nightly',
        repository: 'git.example/orders',
        pipeline: 'git.example/orders/release.yml#deploy',
        pipelineStage: 'deploy',
        attestation: 'none',
        devicePosture: 'none',
        risk: 0,
      },
    )
    for (const [clause, isAllowed] of [
      ['unless { context has pipelineStage && context.pipelineStage == "deploy" }', true],
      ['unless { context has pipelineStage && context.pipelineStage == "build" }', false],
      ['unless { context has attestation && context.attestation == "tpm" }', false],
      ['when { context has devicePosture && context.devicePosture == "none" }', false],
      ['unless { context has isSenderConstrained && context.isSenderConstrained }', false],
    ] as const) {
      await rule(policy, forbidden(clause))
      assert.equal((await askForToken(room, policy)).isAllowed, isAllowed, clause)
    }
  },
)

onEveryEngine('a policy may ask for tokens that are bound to a key, and remembers both answers apart', async (room) => {
  const policy = await open(room)
  await rule(policy, forbidden('unless { context has isSenderConstrained && context.isSenderConstrained }'))
  for (const isSenderConstrained of [true, false, true, undefined])
    assert.equal(
      (await askForToken(room, policy, { isSenderConstrained })).isAllowed,
      isSenderConstrained ?? false,
      `${isSenderConstrained}`,
    )
})

onEveryEngine(
  'what is opened against an identity counts from the moment that the change feed tells of it',
  async (room) => {
    const policy = await open(room)
    await rule(policy, forbidden('when { context has risk && context.risk >= 75 }'))
    assert.equal((await askForToken(room, policy)).isAllowed, true)
    for (const [risk, isAllowed] of [
      [75, false],
      [50, true],
    ] as const) {
      policy.risks.set('nhi_sync', risk)
      await room.database.write((tx) => room.changes.signal(tx, [{ topic: 'finding', key: 'nhi_sync' }]))
      await room.changes.catchUp()
      assert.equal((await askForToken(room, policy)).isAllowed, isAllowed, `${risk}`)
    }
  },
)

onEveryEngine(
  'a rule that asks for an approval holds while a grant stands that somebody approved, and not after it',
  async (room) => {
    const policy = await open(room)
    await rule(policy, forbidden('unless { context has approval }'))
    const input = { identity: 'sync', resource: 'orders', actions: ['orders.read', 'orders.purge'], expiresAt: '1d' }
    assert.equal((await askForToken(room, policy)).isAllowed, false)
    const asked = policy.operation('policy.grant.create').input.parse(input)
    await policy.call('policy.grant.create', {
      ...input,
      approval: policy.approvals.give('apr_grant', 'policy.grant.create', asked),
    })
    assert.equal((await askForToken(room, policy)).isAllowed, true)
    // An approval is of what it names: who asks for whatever there is names nothing.
    assert.equal((await askForToken(room, policy, { actions: [] })).isAllowed, false)
    room.clock.advance(25 * 60 * 60 * 1000)
    assert.equal((await askForToken(room, policy)).isAllowed, false)
  },
)

onEveryEngine(
  'a grant holds under its region, stage, risk, environment and age of the credential, and why names the one that fails',
  async (room) => {
    const policy = await open(room)
    const DAY_MS = 24 * 60 * 60 * 1000
    const createdAtMs = room.clock.now().getTime() - 29 * DAY_MS
    const proper = { sourceRegion: 'DE', credential: { kind: 'public-key', createdAtMs } }
    const young = { kind: 'public-key', createdAtMs: room.clock.now().getTime() }
    for (const [conditions, from, failed] of [
      [{ regions: ['DE', 'AT'] }, { sourceRegion: 'unknown' }, /regions DE, AT, and context\.sourceRegion is unknown/],
      [{ pipelineStages: ['deploy'] }, undefined, undefined],
      [{ pipelineStages: ['build'] }, {}, /stages build, and context\.pipelineStage is deploy/],
      [{ environments: ['Prod'] }, undefined, undefined],
      [{ environments: ['staging'] }, {}, /environments staging, and context\.environment is production/],
      [{ credentialKinds: ['public-key'] }, { credential: { kind: 'client-secret' } }, /context\.credentialKind/],
      [
        { credentialAgeDaysMax: 30 },
        { credential: { kind: 'public-key' } },
        /context\.credentialCreatedAt is earlier or not known/,
      ],
    ] as const) {
      const input = { identity: 'sync', resource: 'orders', actions: ['orders.read'], conditions, expiresAt: '9d' }
      const grant = await policy.call('policy.grant.create', input)
      const said = JSON.stringify(conditions)
      if (from === undefined || Object.keys(from).length > 0)
        assert.equal((await askForToken(room, policy, proper)).isAllowed, true, said)
      if (from !== undefined) {
        const refused = await askForToken(room, policy, { ...proper, ...from })
        assert.equal(refused.isAllowed, false, said)
        const request = readKept(refused.kept[0]?.body ?? '')
        assert.ok(request !== undefined && failed !== undefined)
        const now = room.clock.now()
        assert.match(explainRecorded(policy.memory, request, { at: now, now, expired: [] }).because.join('\n'), failed)
      }
      await policy.call('policy.grant.revoke', { grant: grant.id, reason: 'a test' })
    }
    // What is remembered of an answer ends when the credential is too old, and when a finding is opened.
    const conditions = { credentialAgeDaysMax: 30, riskMax: 50 }
    const input = { identity: 'sync', resource: 'orders', actions: ['orders.read'], conditions, expiresAt: '9d' }
    await policy.call('policy.grant.create', input)
    assert.equal((await askForToken(room, policy, proper)).isAllowed, true)
    room.clock.advance(DAY_MS - 1)
    assert.equal((await askForToken(room, policy, proper)).isAllowed, true)
    room.clock.advance(1)
    assert.equal((await askForToken(room, policy, proper)).isAllowed, false)
    assert.equal((await askForToken(room, policy, { ...proper, credential: young })).isAllowed, true)
    policy.risks.set('nhi_sync', 75)
    await room.database.write((tx) => room.changes.signal(tx, [{ topic: 'finding', key: 'nhi_sync' }]))
    await room.changes.catchUp()
    assert.equal((await askForToken(room, policy, { ...proper, credential: young })).isAllowed, false)
  },
)
