import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom, timedId } from './random.ts'

const at = (ms: number) => timedId(systemRandom(), 'evt', new Date(ms))

test('ids of one moment begin alike and are never equal', () => {
  const ids = Array.from({ length: 1000 }, () => at(1_795_359_868_728))
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(new Set(ids.map((id) => id.slice(0, 12))).size, 1)
})

test('a timed id is the time in 48 bits and then 80 bits of chance, as one number of 128', () => {
  const ms = 1_795_359_868_728
  const bytes = Buffer.from(at(ms).slice('evt_'.length), 'base64url')
  assert.equal(bytes.length, 16)
  assert.equal(bytes.readUIntBE(0, 6), ms)
  assert.equal(bytes.toString('base64url'), at(ms).slice('evt_'.length, -14) + bytes.subarray(6).toString('base64url'))
})

test('bytes that were handed out are never handed out again, nor changed', () => {
  const random = systemRandom()
  const taken = Array.from({ length: 2_000 }, () => random.bytes(16))
  const before = taken.map((bytes) => bytes.toString('hex'))
  for (let at = 0; at < 2_000; at++) random.bytes(16).fill(0)
  assert.deepEqual(
    taken.map((bytes) => bytes.toString('hex')),
    before,
  )
  assert.equal(new Set(before).size, taken.length)
})

test('a timed id has the form of every other id', () => {
  assert.match(at(0), /^evt_[\w-]{22}$/)
  assert.equal(at(1).length, systemRandom().id('evt').length)
})

test('ids of the same second stand in the same part of an index', () => {
  assert.equal(at(1_795_359_868_000).slice(0, 9), at(1_795_359_868_999).slice(0, 9))
})
