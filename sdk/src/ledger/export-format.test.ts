import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../../test/any-text.ts'
import { canonicalize } from './canonical.ts'
import { type ExportLine, formatExportLine, InvalidExportLine, parseExportLine } from './export-format.ts'
import { leafHash } from './merkle.ts'

const hash = leafHash(Buffer.from('a'))
const header: ExportLine = {
  kind: 'header',
  origin: 'log.example',
  exportedAt: '2026-07-22T10:11:12.345Z',
  fromSeq: 3,
  count: 2,
}
const entry: ExportLine = { kind: 'entry', seq: 3, leaf: hash, text: '{"kind":"x","seq":3}' }

test('each kind of line has one way of being written and is read back', () => {
  const lines: [ExportLine, string][] = [
    [
      header,
      '{"format":"reeve-audit/1","origin":"log.example","exportedAt":"2026-07-22T10:11:12.345Z","fromSeq":3,"count":2}',
    ],
    [{ kind: 'range', hashes: [hash] }, `{"range":["${hash.toString('base64')}"]}`],
    [entry, `{"seq":3,"leaf":"${hash.toString('base64')}","entry":{"kind":"x","seq":3}}`],
    [{ kind: 'checkpoint', note: 'a\n\n— b c\n' }, '{"checkpoint":"a\\n\\n— b c\\n"}'],
    [{ kind: 'end', digest: hash }, `{"end":"${hash.toString('base64')}"}`],
  ]
  for (const [line, text] of lines) {
    assert.equal(formatExportLine(line), text)
    assert.deepEqual(parseExportLine(text), line)
  }
})

test('trust bar U6: any entry is one line, for readers of every kind, and is read back', () => {
  const breakers = ['\r\n', '\n', '\r', '\u0085', '\u2028', '\u2029', '\v', '\f', '\u001b[2J', '\u009b2J', '\u0000']
  const disguises = [
    '\u202e',
    '\u2066',
    '\u200b',
    '\ufeff',
    '\u00ad',
    '\u{e0041}',
    '"}\n{"seq":4,"leaf":"',
    '\\',
    '\u007f',
  ]
  const hostile = fc.array(fc.oneof(fc.constantFrom(...breakers, ...disguises), anyText()))
  fc.assert(
    fc.property(
      fc.dictionary(
        hostile.map((parts) => parts.join('')),
        hostile,
      ),
      fc.nat(),
      (members, seq) => {
        const text = canonicalize({ ...members, seq })
        const line = formatExportLine({ kind: 'entry', seq, leaf: hash, text })
        // What a line is differs by reader: LF, CR, and for some NEL, VT, FF, the separators of files and of Unicode.
        assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
        assert.deepEqual(parseExportLine(line), { kind: 'entry', seq, leaf: hash, text })
      },
    ),
    { numRuns: 2_000 },
  )
})

test('an entry is not refused for a name that the engine misreads', () => {
  // nodejs/node#63785: after this, V8 may take an escaped name behind an empty one for a backslash.
  const before: object = JSON.parse('{"":1,"\\\\":1}')
  for (const name of ['"', '\n', '\v', '\u0000']) {
    const text = canonicalize({ '': 1, [name]: 1, seq: 3 })
    const line = formatExportLine({ kind: 'entry', seq: 3, leaf: hash, text })
    assert.deepEqual(parseExportLine(line), { kind: 'entry', seq: 3, leaf: hash, text })
  }
  assert.deepEqual(Object.keys(before), ['', '\\'])
})

test('a line that says the same in another way is refused', () => {
  const good = formatExportLine(entry)
  const leaf = hash.toString('base64')
  const hostile = [
    ` ${good}`,
    `${good} `,
    `${good}\r`,
    good.replace('"seq":3,', '"seq": 3,'),
    good.replace('"seq":3,', '"seq":3.0,'),
    good.replace('"seq":3,', '"seq":3e0,'),
    good.replace('"seq":3,', '"seq":2,"seq":3,'),
    good.replace('"seq":3,', '"seq":3,"more":1,'),
    good.replace('{"kind":"x","seq":3}', '{"seq":3,"kind":"x"}'),
    good.replace('"kind":"x"', '"kind":"y","kind":"x"'),
    good.replace('"kind":"x"', '"kind":"\\u0078"'),
    good.replace('"kind":"x"', '"kind":"\u200b"'),
    good.replace('"kind":"x"', '"kind":1e400'),
    good.replace('"kind":"x"', '"kind":9007199254740993'),
    good.replace('"kind":"x"', '"kind":"\\ud800"'),
    good.replace('"kind":"x"', `"kind":${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    good.replace('"seq":3}', '"seq":4}'),
    good.replace('"seq":3}', '"seq":"3"}'),
    good.replace(leaf, leaf.replace('=', '')),
    good.replace(leaf, `${leaf.slice(0, -2)}${leaf.at(-2) === 'B' ? 'C' : 'B'}=`),
    good.replace(leaf, leaf.replace(/[+/]/, '-')),
    good.replace(leaf, ''),
    `{"leaf":"${leaf}","seq":3,"entry":{"kind":"x","seq":3}}`,
    `${good}${good}`,
  ]
  for (const line of hostile) assert.throws(() => parseExportLine(line), InvalidExportLine, line.slice(0, 200))
})

test('what is no line is refused', () => {
  const good = formatExportLine(header)
  const hostile = [
    '',
    'null',
    '[]',
    '1',
    '{}',
    '{',
    '{"entry":{}}',
    '{"checkpoint":1}',
    '{"range":{}}',
    '{"range":[1]}',
    '{"range":[""]}',
    '{"end":"AAAA"}',
    '{"__proto__":{"end":"AAAA"}}',
    good.replace('reeve-audit/1', 'reeve-audit/2'),
    good.replace('"fromSeq":3', '"fromSeq":-3'),
    good.replace('"fromSeq":3', '"fromSeq":3.5'),
    good.replace('"fromSeq":3', '"fromSeq":9007199254740991'),
    good.replace('"count":2', '"count":9007199254740992'),
    good.replace('2026-07-22T10', '2026-13-22T10'),
    good.replace('.345Z', 'Z'),
    good.replace('"log.example"', '7'),
    `{"checkpoint":"${'a'.repeat(1_100_000)}"}`,
  ]
  for (const line of hostile) assert.throws(() => parseExportLine(line), InvalidExportLine, line.slice(0, 200))
})

test('a line too long to be read is not written', () => {
  const text = `{"s":"${'a'.repeat(1_100_000)}","seq":3}`
  assert.throws(() => formatExportLine({ kind: 'entry', seq: 3, leaf: hash, text }), InvalidExportLine)
})
