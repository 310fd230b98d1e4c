import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scannedFile } from './file.ts'

test('a file has no getters, which would keep its text in memory long after it was read', () => {
  const file = scannedFile({ path: 'a.txt', repository: 'r', repositoryPath: 'a.txt' }, Buffer.from('one\ntwo'))
  const getters = Object.entries(Object.getOwnPropertyDescriptors(file)).filter(([, { get }]) => get !== undefined)
  assert.deepEqual(getters, [])
  assert.equal(file.text(), 'one\ntwo')
  assert.equal(file.latin1(), 'one\ntwo')
})
