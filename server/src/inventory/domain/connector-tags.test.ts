import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type TagTarget, tagWrites } from './connector-tags.ts'

const identity = {
  ...{ id: 'nhi_1', name: 'orders-sync', owner: 'payments', environment: 'production' },
  tags: { application: 'orders', colour: 'red' },
}

test('only tags of ours that differ are set, on what is an identity, with values that the vendor can hold', () => {
  const targets: TagTarget[] = [
    { key: 'known', at: '/there', tags: { identity: 'orders-sync', owner: 'somebody', colour: 'blue' } },
    { key: 'unknown', tags: {} },
  ]
  const writes = tagWrites(targets, new Map([['known', identity]]), (value) => value !== 'production')
  assert.deepEqual(writes, [
    {
      key: 'known',
      identity: 'nhi_1',
      set: { owner: 'payments', application: 'orders' },
      before: { owner: 'somebody' },
      at: '/there',
    },
  ])
  const done = {
    key: 'known',
    tags: { identity: 'orders-sync', owner: 'payments', environment: 'production', application: 'orders' },
  }
  assert.deepEqual(
    tagWrites([done], new Map([['known', identity]]), () => true),
    [],
  )
})
