import assert from 'node:assert/strict'
import { openPolicy } from '../../test/fakes/policy.ts'
import { onEveryEngine } from '../../test/room.ts'
import { at, contextOf } from './decide/context.ts'
import type { Conditions } from './domain/grant.ts'
import { uid } from './memory/entities.ts'
import { nearestGrant } from './nearest-grant.ts'

const DAY_MS = 24 * 60 * 60 * 1000

onEveryEngine(
  'of a grant that did not hold, what is proposed keeps every condition that held, and widens the others to the request',
  async (room) => {
    const policy = await openPolicy(room)
    policy.identities.put({ id: 'nhi_sync' })
    const { id: resource } = await policy.call('policy.resource.create', {
      name: 'orders',
      uri: 'https://orders.example/',
      environment: 'production',
      sensitivity: 'internal',
      actions: [{ name: 'orders.read', effect: 'read' }],
    })
    const now = room.clock.now()
    const facts = contextOf({
      sourceIp: '10.0.0.1',
      sourceRegion: 'DE',
      credentialCreatedAtMs: now.getTime() - 40.5 * DAY_MS,
      instance: null,
      workflow: null,
      environment: 'production',
      pipeline: 'acme/orders/release#deploy',
      risk: 50,
    })
    const request = {
      principal: uid('Identity', 'nhi_sync'),
      action: uid('Action', 'orders.read'),
      resource: uid('Resource', resource),
      context: at(facts, now),
      entities: [],
    }
    const held: Conditions = {
      regions: ['AT', 'DE'],
      environments: ['production'],
      pipelineStages: ['deploy'],
      riskMax: 75,
      credentialAgeDaysMax: 60,
    }
    const proposed = async (conditions: Conditions) => {
      const input = { identity: 'sync', resource, actions: ['orders.read'], conditions, expiresAt: '9d' }
      const { id } = await policy.call('policy.grant.create', input)
      await policy.memory.warm('nhi_sync')
      const grants = policy.memory.warmed('nhi_sync')?.grants ?? []
      const nearest = nearestGrant(policy.memory, request, { held: grants, at: now })
      await policy.call('policy.grant.revoke', { grant: id, reason: 'a test' })
      return [nearest?.conditions, nearest?.unmet.join()] as const
    }
    for (const [unmet, widened, said] of [
      [{ regions: ['FR'] }, { regions: ['DE'] }, /context\.sourceRegion is DE/],
      [{ environments: ['test'] }, { environments: ['production'] }, /context\.environment is production/],
      [{ pipelineStages: ['build'] }, { pipelineStages: ['deploy'] }, /context\.pipelineStage is deploy/],
      [{ riskMax: 25 }, { riskMax: 50 }, /context\.risk is 50/],
      [{ credentialAgeDaysMax: 30 }, { credentialAgeDaysMax: 41 }, /context\.credentialCreatedAt/],
    ] as const) {
      const [conditions, why] = await proposed({ ...held, ...unmet })
      assert.deepEqual(conditions, { ...held, ...widened })
      assert.match(why ?? '', said)
    }
  },
)
