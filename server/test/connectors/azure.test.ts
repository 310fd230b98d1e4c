import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { readVendor } from '../../src/connectors/reading.ts'
import { registry } from '../../src/connectors/registry.ts'
import { createOutbound } from '../../src/kit/fetch.ts'
import { findingRules, openLive } from '../live.ts'
import { onEveryEngine, type Room } from '../room.ts'
import {
  appRole,
  type Estate,
  estate,
  fakeAzure,
  guid,
  KEYS,
  OTHER_SUBSCRIPTION,
  principal,
  SECRET,
  SUBSCRIPTION,
  VAULT,
} from './fake-azure.ts'
import { type FakeVendor, passesSuite, startVendor } from './fake-vendor.ts'
import { tagsAreWritten } from './tags-are-written.ts'

const ALONE = {
  reach: createOutbound({ privateNetworks: ['127.0.0.0/8'] }),
  signal: new AbortController().signal,
}

const identities = (subscription: string): string =>
  `arm/subscriptions/${subscription}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`

const opened = async (room: Room, t: TestContext, fake: FakeVendor, over: object = {}) => {
  const vendor = await startVendor(t, fake)
  const live = await openLive(room)
  const settings = { ...fake.settings(vendor.url), ...over }
  await live.call('inventory.connector.add', { name: 'live', vendor: 'azure', settings, secret: fake.secret })
  const sightings = async () => (await live.call('inventory.sighting.list', { limit: 200 })).items
  return { vendor, live, sightings }
}

onEveryEngine(
  'a tenant of Entra: pages, requests to wait, a right that lacks, an answer that is cut',
  async (room, t) => {
    const all = estate()
    const principals = all['graph/v1.0/servicePrincipals'] ?? []
    principals.push(principal(9))
    const { live } = await passesSuite(room, t, {
      fake: fakeAzure(all),
      keys: [...KEYS, `azure:${guid(209)}`],
      part: 'service-principals',
      needs: /\(403\): it takes Application\.Read\.All/,
      takeAway: { key: `azure:${guid(209)}`, act: () => void principals.pop() },
    })
    assert.deepEqual(await findingRules(live, `azure:${guid(202)}`), ['account/unused', 'posture/unowned'])
    assert.deepEqual(await findingRules(live, `azure:${guid(203)}`), ['account/broad-role'])
  },
)

onEveryEngine(
  'subscriptions of Azure: pages, requests to wait, a right that lacks, an answer that is cut',
  async (room, t) => {
    const all = estate()
    const { live, vendor } = await passesSuite(room, t, {
      fake: fakeAzure(all),
      keys: KEYS,
      part: 'vault-secrets',
      needs: /\(403\): it takes the role Reader/,
      takeAway: { key: KEYS.at(-1) ?? '', act: () => void all[`arm${VAULT}/secrets`]?.pop() },
    })
    const rules = ['account/broad-role', 'federation/wildcard']
    assert.deepEqual(await findingRules(live, `azure:${guid(601)}`), rules)
    assert.deepEqual(await findingRules(live, 'azure:https://kv1.vault.azure.net/secrets/db'), [
      'credential/without-end',
    ])
    assert.ok(vendor.asked.every(({ method, url }) => method === 'GET' || url.pathname.startsWith('/login/')))
  },
)

onEveryEngine(
  'what Entra and Azure tell of one principal is told of one, and nothing more of people',
  async (room, t) => {
    const { live, sightings, vendor } = await opened(room, t, fakeAzure(estate()))
    const run = await live.run('live')
    assert.deepEqual([run.outcome, run.gaps, run.notes], ['complete', [], []])
    const seen = await sightings()
    const of = (number: number) =>
      seen.find((each: { stableKey: string }) => each.stableKey === `azure:${guid(number)}`)
    const reachesOf = (number: number) =>
      of(number).reaches.map((each: { because: string; what: string }) => `${each.because}: ${each.what}`)
    assert.equal(of(201).owner?.value, 'ada@example.com')
    assert.deepEqual(reachesOf(201), ['role Orders.Read: Microsoft Graph'])
    assert.deepEqual(reachesOf(202), ['acts for users who agreed: Microsoft Graph: Mail.Send'])
    assert.deepEqual(reachesOf(203), ['role Global Administrator: /'])
    assert.deepEqual(reachesOf(601), [`role keeper: /subscriptions/${SUBSCRIPTION}`])
    assert.deepEqual(await findingRules(live, `azure:${guid(201)}`), ['credential/unused'])
    const asked = { settings: fakeAzure({}).settings(vendor.url), without: [] }
    const given = { ...ALONE, secret: SECRET, now: room.clock.now, wait: async () => undefined }
    const { documents } = await readVendor(registry.azure, asked, given)
    assert.doesNotMatch(JSON.stringify([seen, documents]), /hidden|BYTES/)
  },
)

onEveryEngine('a subscription that may not be read costs no other its own, and ends nothing', async (room, t) => {
  const all = estate()
  const fake = fakeAzure(all)
  let isForbidden = false
  const forbidden = (path: string) => isForbidden && path.startsWith(`/arm/subscriptions/${OTHER_SUBSCRIPTION}/`)
  const { live, sightings } = await opened(room, t, {
    ...fake,
    answer: (request, url) =>
      forbidden(request.url.pathname) ? { status: 403, body: '{}' } : fake.answer(request, url),
  })
  assert.equal((await live.run('live')).outcome, 'complete')
  isForbidden = true
  all[identities(SUBSCRIPTION)]?.pop()
  const lacking = await live.run('live')
  assert.deepEqual([lacking.outcome, lacking.gone], ['partial', 0])
  assert.deepEqual(
    lacking.gaps.map(({ part }: { part: string }) => part),
    ['managed-identities', 'role-assignments', 'role-definitions', 'vaults'],
  )
  assert.ok((await sightings()).every(({ goneAt }: { goneAt: string | null }) => goneAt === null))
})

onEveryEngine('a next page at another server is not asked, whichever API names it', async (room, t) => {
  const fake = fakeAzure(estate())
  const thief = await startVendor(t, fake)
  const { live } = await opened(room, t, {
    ...fake,
    answer: (request, url) => {
      const reply = fake.answer(request, url)
      return { ...reply, body: reply.body.replace(`Link":"${url}`, `Link":"${thief.url}`) }
    },
  })
  const run = await live.run('live')
  assert.equal(run.outcome, 'partial')
  const parts = run.gaps.filter(({ why }: { why: string }) => /another server/.test(why))
  assert.deepEqual(
    parts.map(({ part }: { part: string }) => part),
    ['owners', 'applications', 'federated-credentials', 'app-roles', 'service-principals', 'vault-secrets'],
  )
  assert.deepEqual(thief.asked, [])
})

onEveryEngine('a next page that is named in another form is not the end of a list', async (room, t) => {
  const fake = fakeAzure(estate())
  const { live } = await opened(room, t, {
    ...fake,
    answer: (request, url) => {
      const reply = fake.answer(request, url)
      return { ...reply, body: reply.body.replace(/Link":"[^"]+"/, 'Link":42') }
    },
  })
  const run = await live.run('live')
  assert.equal(run.outcome, 'partial')
  const parts = run.gaps.filter(({ why }: { why: string }) => /another form/.test(why))
  assert.deepEqual([parts.length, parts.at(-1)?.part], [6, 'vault-secrets'])
})

const GAPS: readonly [what: string, spoil: (all: Estate) => void, part: string, why: RegExp][] = [
  [
    'no subscription at all',
    (all) => void all['arm/subscriptions']?.splice(0),
    'subscriptions',
    /sees no subscription: it takes the role Reader/,
  ],
  [
    'a related list that was asked for and is not there',
    (all) => void all['graph/v1.0/applications']?.push({ id: guid(109), appId: guid(209), displayName: 'odd' }),
    'owners',
    /another form/,
  ],
  [
    'an id that leads elsewhere',
    (all) =>
      void all[identities(SUBSCRIPTION)]?.push({
        id: `/subscriptions/${SUBSCRIPTION}/resourceGroups/../../x?y=`,
        name: 'x',
      }),
    'managed-identities',
    /another form/,
  ],
]

onEveryEngine(
  'what is answered where it should not be is a gap, and no reason to see anything gone',
  async (room, t) => {
    const all = estate()
    const { live } = await opened(room, t, fakeAzure(all))
    assert.equal((await live.run('live')).outcome, 'complete')
    for (const [what, spoil, part, why] of GAPS) {
      Object.assign(all, estate())
      spoil(all)
      const run = await live.run('live')
      assert.deepEqual([run.outcome, run.gone], ['partial', 0], what)
      const gap = run.gaps.find((each: { part: string }) => each.part === part)
      assert.match(gap?.why ?? '', why, what)
    }
  },
)

onEveryEngine('a service that a subscription never used has nothing there, and that is no gap', async (room, t) => {
  const fake = fakeAzure(estate())
  const { live } = await opened(room, t, {
    ...fake,
    answer: (request, url) =>
      request.url.pathname === `/arm/subscriptions/${OTHER_SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults`
        ? { status: 409, body: '{"error":{"code":"MissingSubscriptionRegistration","message":"no"}}' }
        : fake.answer(request, url),
  })
  assert.deepEqual((await live.run('live')).gaps, [])
})

onEveryEngine('of a principal with more roles than a list shows, all are asked', async (room, t) => {
  const all = estate()
  const many = Array.from({ length: 25 }, (_, at) => ({ ...appRole(9, guid(920 + at)), id: `m${at}` }))
  all['graph/v1.0/servicePrincipals']?.push(principal(9, { appRoleAssignments: many }))
  all[`graph/v1.0/servicePrincipals/${guid(509)}/appRoleAssignments`] = many
  const { live, sightings } = await opened(room, t, fakeAzure(all))
  assert.equal((await live.run('live')).outcome, 'complete')
  const seen = (await sightings()).find((each: { stableKey: string }) => each.stableKey === `azure:${guid(209)}`)
  assert.equal(seen.reaches.length, 25)
})

onEveryEngine(
  'only the subscriptions that are named are asked, and one that is gone from sight is a gap',
  async (room, t) => {
    const fake = fakeAzure(estate())
    const gone = guid(5)
    const { live, vendor } = await opened(
      room,
      t,
      {
        ...fake,
        answer: (request, url) =>
          request.url.pathname.includes(gone) ? { status: 404, body: '{}' } : fake.answer(request, url),
      },
      { subscriptions: `${SUBSCRIPTION},${gone}` },
    )
    const run = await live.run('live')
    assert.equal(run.outcome, 'partial')
    assert.match(run.gaps[0]?.why, /\(404\): it takes the role Reader/)
    assert.ok(vendor.asked.every(({ url }) => !url.pathname.includes(OTHER_SUBSCRIPTION)))
  },
)

onEveryEngine(
  'without the directory a role shows to whom it was given, and a managed identity that was not read is nobody new',
  async (room, t) => {
    const all = estate()
    const assignments = all[`arm/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments`]
    const [first] = assignments ?? []
    const properties = { ...Object(first?.properties), principalId: guid(999) }
    assignments?.push({ id: 'r2', properties })
    const { live, vendor, sightings } = await opened(room, t, fakeAzure(all))
    const without = registry.azure.parts.map(({ name }) => name).filter((name) => !OF_RESOURCES.includes(name))
    await live.call('inventory.connector.change', { connector: 'live', without })
    const keys = async () => (await sightings()).map(({ stableKey }: { stableKey: string }) => stableKey).sort()
    assert.equal((await live.run('live')).outcome, 'complete')
    const before = await keys()
    assert.deepEqual(before, [
      `azure-principal:${guid(999)}`,
      ...KEYS.filter((key) => !/-0000000002\d\d$/.test(key)).toSorted(),
    ])
    vendor.trouble.set('managed-identities', 'forbids')
    assert.equal((await live.run('live')).outcome, 'partial')
    assert.deepEqual(await keys(), before)
    assert.ok(vendor.asked.every(({ url }) => !url.pathname.startsWith('/graph/')))
  },
)

const OF_RESOURCES = [
  ...['subscriptions', 'managed-identities', 'identity-federation', 'role-assignments', 'role-definitions'],
  ...['vaults', 'vault-secrets'],
]

onEveryEngine(
  'tags of managed identities are proposed or written as the mode says, each on record',
  async (room, t) => {
    const all = estate()
    const [first] = all[identities(SUBSCRIPTION)] ?? []
    const tags: Record<string, string> = { cost: '42' }
    if (first) first.tags = tags
    const fake = fakeAzure(all)
    const path = encodeURI(`/arm${first?.id}/providers/Microsoft.Resources/tags/default`)
    await tagsAreWritten(room, t, {
      fake: {
        ...fake,
        answer: (request, url) => {
          if (request.method !== 'PATCH') return fake.answer(request, url)
          assert.deepEqual([request.url.pathname, request.url.search], [path, '?api-version=2021-04-01'])
          const asked = JSON.parse(request.body)
          assert.equal(asked.operation, 'Merge')
          Object.assign(tags, asked.properties.tags)
          return { body: '{}' }
        },
      },
      key: `azure:${guid(601)}`,
      tags: () => tags,
      own: (name) => `reeve.${name}`,
      set: (tag, value) => {
        tags[tag] = value
      },
      writes: 'tags',
    })
  },
)
