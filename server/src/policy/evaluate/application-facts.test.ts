import assert from 'node:assert/strict'
import { openPolicy } from '../../../test/fakes/policy.ts'
import { adminCaller, onEveryEngine } from '../../../test/room.ts'
import type { Caller } from '../../kit/operation.ts'
import { systemRandom } from '../../kit/random.ts'
import { createCallDecider } from '../decide/decide-call.ts'
import { judgeRecorded } from '../decide/judge-recorded.ts'
import { createEvaluator } from './evaluator.ts'

const NOTES = {
  name: 'notes',
  environment: 'production',
  askedBy: ['nhi_app'],
  subjects: [{ type: 'user', entities: [{ id: 'bob' }] }],
  resources: [{ type: 'note', actions: [{ name: 'read', effect: 'read' }], entities: [{ id: 'one' }] }],
}

const permit = (when: string): string =>
  `permit (principal, action == notes::Action::"read", resource) when { ${when} };`

// what a policy asks for; whether it holds for the identity that asks itself, for one that is asked about, and for a user
const FACTS: readonly [string, boolean, boolean, boolean][] = [
  ['context has sourceRegion && context.sourceRegion == "DE"', true, false, false],
  ['context has sourceRegion && context.sourceRegion == "unknown"', false, true, false],
  ['context has sourceIp && context.sourceIp.isInRange(ip("192.0.2.0/24"))', true, false, false],
  ['context has risk && context.risk < 50', true, true, false],
  ['context has risk && context.risk >= 50', false, false, false],
  ['context has pipelineStage && context.pipelineStage == "deploy"', true, true, false],
  ['context has environment && context.environment == "production"', true, true, false],
  ['context has attestation && context.attestation == "none"', true, true, false],
  ['!(context has sourceRegion) && !(context has risk)', false, false, true],
]

onEveryEngine(
  'an application’s own things are decided on the facts of the identity that is the subject',
  async (room, t) => {
    const policy = await openPolicy(room)
    policy.identities.put({ id: 'nhi_app' })
    policy.identities.put({ id: 'nhi_sync', pipeline: 'git.example/orders/release.yml#deploy' })
    policy.risks.set('nhi_sync', 25)
    const decider = createCallDecider(policy.memory, systemRandom())
    const evaluator = createEvaluator({
      ...{ memory: policy.memory, decider, hot: room.hot, clock: room.clock },
      ...{ ports: policy.ports, db: room.database.reader },
    })
    const as = (id: string): Caller => ({
      ...adminCaller,
      actor: { principalType: 'nhi', id, name: id },
      roles: [],
      source: { ip: '192.0.2.7', region: 'DE', userAgent: null },
    })
    const ask = async (caller: Caller, subject: { type: string; id: string }, stated: object = {}) => {
      const question = {
        subject: { ...subject, properties: {} },
        action: { name: 'read', properties: {} },
        resource: { type: 'note', id: 'one', properties: {} },
        context: { ...stated },
      }
      await policy.memory.warm(caller.actor.id ?? '')
      const [answer] = await evaluator.evaluate({ caller, askedAs: null }, [question], 'execute_all')
      return answer?.decided?.answered
    }
    const sync = { type: 'identity', id: 'nhi_sync' }
    for (const [when, itself, asked, user] of FACTS)
      await t.test(when, async () => {
        const policies = [{ name: 'notes', file: 'policies/notes.cedar', text: permit(when) }]
        await policy.call('policy.access.apply', { directory: 'notes', applications: [NOTES], policies })
        const lie = { sourceRegion: 'DE', risk: 99, sourceIp: '192.0.2.7', request: { risk: 99 } }
        assert.equal((await ask(as('nhi_sync'), sync, lie))?.isAllowed, itself, 'itself')
        assert.equal((await ask(as('nhi_app'), sync, lie))?.isAllowed, asked, 'asked about by another')
        assert.equal((await ask(as('nhi_app'), { type: 'user', id: 'bob' }, lie))?.isAllowed, user, 'a user')
      })
    await t.test('what it was decided on is what is recorded, and decides the same again', async () => {
      const policies = [
        { name: 'notes', file: 'policies/notes.cedar', text: permit('context has risk && context.risk == 25') },
      ]
      await policy.call('policy.access.apply', { directory: 'notes', applications: [NOTES], policies })
      const answered = await ask(as('nhi_sync'), sync)
      assert.ok(answered?.isAllowed)
      const { principal, resource, context, entities } = answered.request
      const recorded = {
        of: 'evaluation',
        principal,
        actions: ['read'],
        resource,
        context,
        entities,
        exception: null,
      } as const
      assert.equal(judgeRecorded(policy.memory, recorded, room.clock.now()).isAllowed, true)
    })
  },
)
