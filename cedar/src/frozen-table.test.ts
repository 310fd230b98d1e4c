import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frozenTable, hashOf } from './frozen-table.ts'
import { emptyLayeredMap } from './layered-map.ts'

interface Entry {
  id: string
  at: number
}

const entriesOf = (ids: readonly string[]): Map<string, Entry> => new Map(ids.map((id, at) => [id, { id, at }]))

test('a table finds each of its ids and nothing else', () => {
  const entries = entriesOf(Array.from({ length: 20_000 }, (_, at) => (at % 2 === 0 ? `nhi_${at}` : `ключ "${at}"`)))
  const table = frozenTable(entries)
  assert.ok(table)
  const find = (id: string): Entry | undefined => table(id, hashOf(id))
  for (const [id, entry] of entries) assert.equal(find(id), entry)
  for (const id of ['', 'nhi_', 'nhi_20000', 'nhi_1', '__proto__']) assert.equal(find(id), undefined)
})

test('ids with one and the same hash are told apart', () => {
  const ids = Array.from({ length: 300 }, (_, at) => `k${at}`)
  const table = frozenTable(entriesOf(ids))
  assert.ok(table)
  assert.equal(table('stranger', hashOf('k7')), undefined)
})

test('ids that were chosen to collide are left to a map, which finds them as well', () => {
  const found: string[] = []
  const places = 2 ** 10
  for (let at = 0; found.length < 300; at++) {
    const id = `k${at}`
    if ((hashOf(id) & (places - 1)) === 7) found.push(id)
  }
  const entries = entriesOf(found)
  assert.equal(frozenTable(entries), undefined)
  const map = emptyLayeredMap<Entry>().with(entries)
  for (const [id, entry] of entries) {
    assert.equal(map.get(id), entry)
    assert.equal(map.find(id, hashOf(id)), entry)
  }
})
