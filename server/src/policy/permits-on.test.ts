import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Application } from './domain/application.ts'
import type { Resource, Sensitivity } from './domain/resource.ts'
import { newlyPermitted, newlyPermittedIn, type Permits } from './permits-on.ts'

const resource = (sensitivity: Sensitivity): Resource => ({
  ...{ id: 'res_1', name: 'orders', uri: 'https://orders.example/', environment: 'production', algorithm: 'ES256' },
  ...{ sensitivity, isCustomerFacing: false, actions: [{ name: 'orders.read', effect: 'read' }] },
  ...{ servedBy: [], owner: null, statusList: false, isAuthorizationServer: false, detailTypes: [] },
  ...{ tagClaims: [], awsSessionTags: [] },
})
const application = (sensitivity: Sensitivity): Application => ({
  ...{ id: 'app_1', name: 'records', environment: 'production', askedBy: [], subjects: [], directory: null },
  resources: [
    {
      ...{ type: 'record', attributes: {}, stated: {}, isOpen: false, entities: [], sensitivity },
      actions: [{ name: 'read', effect: 'read', facts: {} }],
    },
  ],
})

test('what takes no approval to permit reads no permits, and holds them all the same', async () => {
  const done: string[] = []
  const permits: Permits = {
    hold: async () => void done.push('held'),
    read: () => Promise.reject(new Error('read')),
  }
  const team = undefined
  assert.equal(await newlyPermitted(permits, undefined, { resource: resource('internal'), team }), undefined)
  assert.equal(await newlyPermittedIn(permits, undefined, application('internal')), undefined)
  assert.deepEqual(done, ['held', 'held'])
  await assert.rejects(newlyPermitted(permits, undefined, { resource: resource('confidential'), team }), /read/)
  await assert.rejects(newlyPermittedIn(permits, undefined, application('confidential')), /read/)
})
