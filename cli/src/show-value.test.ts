import assert from 'node:assert/strict'
import { test } from 'node:test'
import { safeText } from './safe-text.ts'
import { showTime, showValue } from './show-value.ts'
import { cutTo, textWidth } from './text-width.ts'

const WIDE = Number.POSITIVE_INFINITY

test('a list is a table with the name first and the id last, without columns that say nothing', () => {
  const items = [
    { id: 'nhi_1', owner: { id: 'team_1', name: 'payments' }, name: 'a', parent: null, tags: {}, roles: [] },
    { id: 'nhi_2', owner: { id: 'team_1', name: 'payments' }, name: 'bb', parent: null, tags: {}, roles: [] },
  ]
  assert.equal(showValue({ items }, WIDE), 'NAME  OWNER     ID\na     payments  nhi_1\nbb    payments  nhi_2\n')
})

test('in a narrow terminal columns are left out before the name and the id are', () => {
  const items = [{ id: `nhi_${'x'.repeat(22)}`, name: 'orders-sync', kind: 'bot', purpose: 'p'.repeat(60) }]
  const [heading = '', row = ''] = showValue({ items }, 60).split('\n')
  assert.match(heading, /^NAME +KIND +ID$/)
  assert.ok(row.endsWith('x'.repeat(22)) && row.length <= 60, row)
})

test('an empty list is nothing, so that a program that counts lines counts none', () => {
  assert.equal(showValue({ items: [], nextCursor: null }, WIDE), '')
})

test('an object is lines: nested ones indented, texts of several lines below each other, nothing as a dash', () => {
  const shown = showValue(
    { a: null, b: { c: [] }, d: [{ e: 1, f: 2 }], g: 'x\ny\n', at: '2026-11-01T12:34:56.789Z' },
    WIDE,
  )
  assert.equal(shown, 'a: -\nb:\n  c: -\nd:\n  - e: 1\n    f: 2\ng:\n  | x\n  | y\nat: 2026-11-01 12:34Z\n')
})

test('only a whole moment is shown as one', () => {
  assert.equal(showTime('2026-11-01T12:34:56Z'), '2026-11-01 12:34Z')
  assert.equal(showTime('at 2026-11-01T12:34:56Z'), 'at 2026-11-01T12:34:56Z')
})

test('whatever would move a cursor, colour, hide or reorder text is shown as its code', () => {
  for (const bad of [
    '\u001b[31m',
    '\u0007',
    '\r',
    '\u009b',
    '\u202e',
    '\u2066',
    '\u200b',
    '\ufeff',
    '\u2028',
    '\u00ad',
  ]) {
    const shown =
      showValue({ items: [{ name: `a${bad}b`, id: 'x' }] }, WIDE) + showValue({ [`k${bad}`]: `v${bad}` }, WIDE)
    assert.ok(!shown.includes(bad), JSON.stringify(shown))
    assert.ok(!safeText(bad).includes(bad[0] ?? ''))
  }
})

test('wide characters take two columns and are never cut in half', () => {
  assert.equal(textWidth('日本a'), 5)
  assert.equal(textWidth('👩‍💻'), 2)
  assert.equal(cutTo('日本語', 4), '日…')
  assert.equal(cutTo('abc', 3), 'abc')
})
