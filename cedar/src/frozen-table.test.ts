import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frozenTable, hashOf } from './frozen-table.ts'
import { emptyLayeredMap } from './layered-map.ts'

interface Entry {
  id: string
  at: number
}

// Short ones, ones that fill their place and more than that, letters beyond one byte, and one that is nothing but zeros.
const FORMS = ['nhi_', 'x'.repeat(23), 'y'.repeat(24), 'z'.repeat(40), 'ключ "', '\0\0']

const entriesOf = (ids: readonly string[]): Map<string, Entry> => new Map(ids.map((id, at) => [id, { id, at }]))

test('a table finds each of its ids and nothing else', () => {
  const entries = entriesOf(Array.from({ length: 20_000 }, (_, at) => `${FORMS[at % FORMS.length]}${at}`))
  const table = frozenTable(entries)
  assert.ok(table)
  for (const [id, entry] of entries) {
    assert.equal(table.get(id), entry)
    assert.equal(table.find(id, hashOf(id)), entry)
  }
  for (const id of ['', 'nhi_', 'nhi_20000', 'nhi_1', '__proto__', `${'x'.repeat(28)}`]) {
    assert.equal(table.get(id), undefined)
    assert.equal(table.find(id, hashOf(id)), undefined)
  }
})

test('ids with one and the same hash are told apart, by whichever letter they differ', () => {
  const ids = Array.from({ length: 300 }, (_, at) => `k${at}`.padEnd(1 + (at % 32), 'é'))
  const table = frozenTable(entriesOf(ids))
  assert.ok(table)
  assert.equal(table.find('stranger', hashOf('k7')), undefined)
  for (const id of ids)
    for (let at = 0; at < id.length; at++) {
      const other = `${id.slice(0, at)}!${id.slice(at + 1)}`
      assert.equal(table.find(other, hashOf(id)), undefined)
    }
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
