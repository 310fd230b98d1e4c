import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frozenTable } from './frozen-table.ts'
import { emptyLayeredMap } from './layered-map.ts'

const entriesOf = (count: number): Map<string, number> =>
  new Map(Array.from({ length: count }, (_, at) => [at % 2 === 0 ? `nhi_${at}` : `ключ "${at}"`, at]))

test('a table finds each of its keys and nothing else', () => {
  const entries = entriesOf(20_000)
  const find = frozenTable(entries)
  assert.ok(find)
  for (const [key, value] of entries) assert.equal(find(key), value)
  for (const key of ['', 'nhi_', 'nhi_20000', 'nhi_1', '__proto__']) assert.equal(find(key), undefined)
})

test('keys that were chosen to collide are left to a map, which finds them as well', () => {
  const found = new Map<string, number>()
  const places = 2 ** 10
  for (let at = 0; found.size < 300; at++) {
    const key = `k${at}`
    if ((hash(key) & (places - 1)) === 7) found.set(key, at)
  }
  assert.equal(frozenTable(found), undefined)
  const map = emptyLayeredMap<number>().with(found)
  for (const [key, value] of found) assert.equal(map.get(key), value)
})

const hash = (key: string): number => {
  let mixed = 0x811c9dc5
  for (let at = 0; at < key.length; at++) mixed = Math.imul(mixed ^ key.charCodeAt(at), 0x01000193)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d)
  return (mixed ^ (mixed >>> 13)) | 0 || 1
}
