import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { scannedFile } from './file.ts'
import { JSON_BYTES_MAX, readJson } from './json-file.ts'
import type { YamlValue } from './yaml-file.ts'

const read = (text: string | Buffer) =>
  readJson(scannedFile({ path: 'a.json', repository: 'r', repositoryPath: 'a.json' }, Buffer.from(text)))

const plain = (value: YamlValue | undefined): unknown => {
  if (value?.isMap) return value.entries().map(({ key, value: inner }) => [key, plain(inner)])
  if (value?.isList) return value.items().map(plain)
  return value?.text
}

const expected = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(expected)
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([key, inner]) => [key, expected(inner)])
  }
  return value === null ? undefined : String(value)
}

test('whatever JSON holds is read as JSON.parse reads it', () => {
  const some = fc.json({ maxDepth: 5 }).map((text): unknown => JSON.parse(text))
  fc.assert(
    fc.property(some, fc.constantFrom(0, 2), (value, indent) => {
      // Numbers are kept as they are written, and JSON writes no negative zero.
      const text = JSON.stringify(value, null, indent)
      assert.deepEqual(
        plain(read(text).root),
        expected(JSON.parse(text, (_, part) => (Object.is(part, -0) ? 0 : part))),
      )
    }),
    { numRuns: 200 },
  )
})

test('each value has its line, behind comments and commas too many as well', () => {
  const { root } = read(
    '// settings\n{\n  /* two\n lines */ "a": [\n    1,\n    "x//y", // no comment inside\n  ],\n  "b": {},\n}\n',
  )
  assert.deepEqual(plain(root), [
    ['a', ['1', 'x//y']],
    ['b', []],
  ])
  assert.deepEqual(
    root?.entries().map(({ line }) => line),
    [4, 8],
  )
  assert.deepEqual(
    root
      ?.get('a')
      ?.items()
      .map(({ line }) => line),
    [5, 6],
  )
})

test('what is broken is named with its line, and its text is not told', () => {
  for (const [text, line] of [
    ['', 1],
    ['{', 1],
    ['{"a": 1\n "b": 2}', 2],
    ['[1,\n2\n', 3],
    ['{"a"\n 1}', 2],
    ['"open\n"', 1],
    ['{"a": "\\x"}', 1],
    ['{} {}', 1],
    ['/* open', 1],
    ['{a: 1}', 1],
  ] as const) {
    const { root, problems } = read(text)
    assert.deepEqual([root, problems[0]?.reason, problems[0]?.line], [undefined, 'bad-json', line], text)
    assert.equal(problems[0]?.detail, 'broken JSON')
  }
})

test('nesting without end and files without end are named', () => {
  assert.equal(read('['.repeat(1_000_000)).problems[0]?.detail, 'nested too deeply')
  assert.equal(read(`[${'0,'.repeat(1_000_001)}0]`).problems[0]?.detail, 'more than 1000000 values')
  assert.equal(read(Buffer.alloc(JSON_BYTES_MAX + 1, ' ')).problems[0]?.reason, 'too-large')
})
