import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Identity } from '../domain/identity.ts'
import { NO_RIGHTS } from '../domain/tier.ts'
import { identitySighting, type PostureFacts } from './identity-sighting.ts'
import { LIMITS } from './limits.ts'

const NOW = new Date('2026-11-22T12:00:00Z')
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000)

const identity: Identity = {
  ...{ id: 'nhi_one', name: 'deployer', kind: 'bot', environment: 'staging', ownerId: 'team_a', parentId: null },
  ...{ state: 'active', stateBefore: null, stateReason: null, stateAt: NOW, stateBy: null, quarantinedWith: null },
  ...{ tier: 'low', rights: NO_RIGHTS, effectiveBlastRadius: 'read-only', createdBy: null, createdAt: daysAgo(200) },
  ...{ approvedBy: null, lastUsedAt: NOW, revision: 1, purpose: 'deploys', lifecycle: 'permanent', pipeline: null },
  ...{ workflow: null, authMethods: [], upstream: [], downstream: [], revocationProcedure: null },
  classification: { functions: ['deploy'], boundary: 'internal', blastRadius: 'read-only' },
  expires: { at: NOW, text: '1d' },
  review: { at: NOW, text: '1d' },
  tags: {},
}

const facts: PostureFacts = {
  ...{ identity, ownerName: 'payments', seenUnits: [], credentials: [], refused: [], grants: [], children: 0 },
  ...{ usedActions: undefined, usedByPeople: [], sightings: [] },
}

const traits = (change: Partial<PostureFacts>) =>
  identitySighting({ ...facts, ...change }, NOW).traits.map(({ trait }) => trait.replace('nhi:', ''))
const none = traits({})

test('a credential is long-lived from the day after its limit on, which a static one has sooner', () => {
  const held = (isStatic: boolean, days: number) =>
    traits({ credentials: [{ id: 'crd_one', kind: 'api-key', isStatic, createdAt: daysAgo(days) }] })
  for (const [isStatic, max] of [
    [true, LIMITS.staticDaysMax],
    [false, LIMITS.publicKeyDaysMax],
  ] as const) {
    assert.ok(!held(isStatic, max).includes('long-lived'))
    assert.ok(held(isStatic, max + 1).includes('long-lived'))
  }
})

test('rights on more resources than are one task are general-purpose', () => {
  const grants = (count: number) =>
    traits({ grants: Array.from({ length: count }, (_, at) => ({ resource: `api-${at}`, actions: ['read'] })) })
  assert.deepEqual(grants(LIMITS.resourcesMax), none)
  assert.deepEqual(grants(LIMITS.resourcesMax + 1), ['general-purpose', ...none])
})

test('rights are unused only of an identity whose use is reported, and that had the time to use them', () => {
  const grants = [{ resource: 'api', actions: ['read', 'write'] }]
  const young = { ...identity, createdAt: daysAgo(LIMITS.usedWithinDays - 1) }
  assert.deepEqual(traits({ grants }), none)
  assert.deepEqual(traits({ grants, usedActions: new Set(['read', 'write']) }), none)
  assert.deepEqual(traits({ grants, usedActions: new Set(['read']), identity: young }), none)
  assert.deepEqual(traits({ grants, usedActions: new Set(['read']) }), ['unused-rights', ...none])
})

test('what is used from two repositories, or in production and elsewhere, is shared; what is gone counts for nothing', () => {
  const seen = (repository: string, environment: string | null, goneAt: Date | null = null) => ({
    ...{ source: 'env', kind: 'bot' as const, name: repository, repository, environment, ownerHint: null, places: [] },
    ...{ reaches: [], evidence: [], traits: [], keys: [], creator: null, id: repository, stableKey: repository },
    ...{ state: 'managed' as const, identityId: 'nhi_one', apartFrom: null, isDeclared: false, isLive: true },
    ...{ isJudged: true, goneAt, firstSeenAt: NOW, lastSeenAt: NOW },
  })
  assert.deepEqual(traits({ sightings: [seen('shop', null), seen('blog', null, NOW)] }), none)
  assert.deepEqual(traits({ sightings: [seen('shop', null), seen('blog', null)] }), [...none, 'shared'])
  assert.deepEqual(traits({ sightings: [seen('shop', 'production', NOW)] }), none)
  assert.deepEqual(traits({ sightings: [seen('shop', 'production')] }), [...none, 'environments'])
})

test('an identity that a scan saw do more than it counts for is told, as long as it is there; what fits is not', () => {
  const seen = (access: string, radius: Identity['effectiveBlastRadius'], goneAt: Date | null = null) =>
    traits({
      identity: { ...identity, effectiveBlastRadius: radius },
      sightings: [
        {
          ...{
            source: 'aws',
            kind: 'account',
            name: 'a',
            repository: '',
            environment: null,
            ownerHint: null,
            places: [],
          },
          ...{
            reaches: [{ what: 's3', access, because: 'policy all' }],
            evidence: [],
            traits: [],
            keys: [],
            creator: null,
          },
          ...{ id: 'a', stableKey: 'a', state: 'managed', identityId: 'nhi_one', apartFrom: null, isDeclared: false },
          ...{ isLive: true, isJudged: true, goneAt, firstSeenAt: NOW, lastSeenAt: NOW },
        },
      ],
    }).includes('class-below-seen')
  assert.ok(seen('admin', 'read-only') && seen('write', 'read-only') && seen('admin', 'write-limited'))
  assert.ok(!seen('read', 'read-only') && !seen('unknown', 'read-only') && !seen('write', 'write-limited'))
  assert.ok(!seen('admin', 'privileged') && !seen('admin', 'impersonating') && !seen('admin', 'read-only', NOW))
})
