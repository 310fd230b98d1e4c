import assert from 'node:assert/strict'
import { test } from 'node:test'
import { covers, excessOver } from './containment.ts'
import type { Conditions } from './grant.ts'
import type { Resource } from './resource.ts'

const networks = (...sourceNetworks: readonly string[]): Conditions => ({ sourceNetworks })
const hours = (from: string, to: string, days?: readonly 'monday'[]): Conditions => ({
  timeWindow: { from, to, ...(days === undefined ? {} : { days }) },
})

const COVERED: readonly (readonly [string, Conditions, Conditions])[] = [
  ['nothing is asked', {}, networks('10.0.0.0/8')],
  ['the same network', networks('10.0.0.0/8'), networks('10.0.0.0/8')],
  ['a part of a network', networks('192.0.2.0/24', '10.0.0.0/8'), networks('10.1.2.0/24', '10.1.2.3')],
  ['a part of a network that is written with bits beyond it', networks('10.1.2.3/8'), networks('10.200.0.0/16')],
  ['everything of one version', networks('0.0.0.0/0'), networks('255.255.255.255')],
  ['IPv6, written in two ways', networks('2001:db8::/32'), networks('2001:0db8:0:0::1')],
  ['all of IPv6', networks('::/0'), networks('ffff::', '::1')],
  ['fewer kinds', { credentialKinds: ['a', 'b'] }, { credentialKinds: ['b'] }],
  ['fewer regions', { regions: ['DE', 'AT'] }, { regions: ['DE'] }],
  ['fewer environments', { environments: ['test', 'dev'] }, { environments: ['dev'] }],
  ['fewer stages', { pipelineStages: ['build', 'deploy'] }, { pipelineStages: ['deploy'] }],
  ['less risk', { riskMax: 50 }, { riskMax: 25 }],
  ['the same risk', { riskMax: 0 }, { riskMax: 0 }],
  ['younger credentials', { credentialAgeDaysMax: 30 }, { credentialAgeDaysMax: 30 }],
  ['a shorter day', hours('08:00', '18:00'), hours('09:00', '18:00')],
  ['a part of a night', hours('22:00', '06:00'), hours('23:00', '05:00')],
  ['before midnight of a night', hours('22:00', '06:00'), hours('22:00', '23:59')],
  ['one day of all', hours('08:00', '18:00'), hours('08:00', '18:00', ['monday'])],
]

for (const [name, wide, narrow] of COVERED)
  test(`conditions cover narrower ones: ${name}`, () => {
    assert.ok(covers(wide, narrow))
  })

const NOT_COVERED: readonly (readonly [string, Conditions, Conditions])[] = [
  ['none at all', networks('10.0.0.0/8'), {}],
  ['a wider network', networks('10.1.0.0/16'), networks('10.0.0.0/8')],
  ['a network beside it', networks('10.1.0.0/16'), networks('10.2.0.0/24')],
  ['one of two networks', networks('10.1.0.0/16'), networks('10.1.0.0/24', '10.2.0.0/24')],
  ['the other version', networks('::/0'), networks('10.0.0.0/8')],
  ['another kind', { credentialKinds: ['a'] }, { credentialKinds: ['a', 'b'] }],
  ['another instance', { instances: ['pod-1'] }, { instances: ['pod-2'] }],
  ['another condition', { instances: ['pod-1'] }, { credentialKinds: ['a'] }],
  ['another region', { regions: ['DE'] }, { regions: ['DE', 'FR'] }],
  ['another environment', { environments: ['test'] }, { environments: ['production'] }],
  ['another stage', { pipelineStages: ['deploy'] }, { pipelineStages: ['build'] }],
  ['any stage', { pipelineStages: ['deploy'] }, {}],
  ['more risk', { riskMax: 25 }, { riskMax: 50 }],
  ['any risk', { riskMax: 0 }, {}],
  ['older credentials', { credentialAgeDaysMax: 30 }, { credentialAgeDaysMax: 31 }],
  ['credentials of any age', { credentialAgeDaysMax: 30 }, {}],
  ['a minute more', hours('08:00', '18:00'), hours('08:00', '18:01')],
  ['the day instead of the night', hours('22:00', '06:00'), hours('06:00', '22:00')],
  ['every day instead of one', hours('08:00', '18:00', ['monday']), hours('08:00', '18:00')],
]

for (const [name, wide, narrow] of NOT_COVERED)
  test(`conditions do not cover: ${name}`, () => {
    assert.ok(!covers(wide, narrow))
  })

const orders: Resource = {
  id: 'res_1',
  name: 'orders',
  uri: 'https://orders.example/',
  environment: 'production',
  sensitivity: 'internal',
  isCustomerFacing: false,
  actions: [
    { name: 'orders.read', effect: 'read' },
    { name: 'orders.write', effect: 'write' },
  ],
  algorithm: 'ES256',
  statusList: false,
  isAuthorizationServer: false,
  detailTypes: [],
  tagClaims: [],
  awsSessionTags: [],
  servedBy: [],
  owner: null,
}

test('an excess is the first action that no grant of the parent gives under conditions that cover the child’s', () => {
  const held = (actions: readonly string[], conditions: Conditions = {}) => ({
    lines: [{ resource: 'res_1', actions }],
    conditions,
  })
  const resource = (id: string) => (id === orders.id ? orders : undefined)
  const excess = (child: Parameters<typeof excessOver>[0], ...parent: Parameters<typeof excessOver>[1][number][]) =>
    excessOver(child, parent, resource)?.action
  assert.equal(excess(held(['orders.read']), held(['*'])), undefined)
  assert.equal(excess(held(['*']), held(['orders.read']), held(['orders.write'])), undefined)
  assert.equal(excess(held(['*']), held(['orders.read'])), 'orders.write')
  assert.equal(excess(held(['orders.read'])), 'orders.read')
  assert.equal(excess(held(['orders.read']), held(['*'], networks('10.0.0.0/8'))), 'orders.read')
  assert.equal(excess(held(['orders.read'], networks('10.1.0.0/16')), held(['*'], networks('10.0.0.0/8'))), undefined)
})
