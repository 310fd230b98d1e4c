import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom, timedId } from './random.ts'

const at = (ms: number) => timedId(systemRandom(), 'evt', new Date(ms))

test('ids of one moment begin alike and are never equal', () => {
  const ids = Array.from({ length: 1000 }, () => at(1_795_359_868_728))
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(new Set(ids.map((id) => id.slice(0, 12))).size, 1)
})

test('a timed id has the form of every other id', () => {
  assert.match(at(0), /^evt_[\w-]{22}$/)
  assert.equal(at(1).length, systemRandom().id('evt').length)
})

test('ids of the same second stand in the same part of an index', () => {
  assert.equal(at(1_795_359_868_000).slice(0, 9), at(1_795_359_868_999).slice(0, 9))
})
