import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Source } from '../src/source.ts'
import { readSource } from './read-source.ts'

/** One line of what a source sees: a name, one object of an export, and the rules that find something in it. */
export type ExportCase = readonly [name: string, content: unknown, rules: readonly string[]]

/** Tests that the source finds in each what the table says, and nothing in what is of another shape. */
export const testExports = (source: Source, cases: readonly ExportCase[]): void => {
  for (const [name, content, rules] of cases)
    test(`an export for ${source.name} with ${name} gives ${rules.length === 0 ? 'no finding' : rules.join(' and ')}`, () => {
      const { isWanted, related, rulesFound, problems } = readSource(source, content, 'export.json')
      assert.ok(isWanted)
      assert.deepEqual(problems, [])
      assert.equal(related.length, 1)
      assert.deepEqual(rulesFound, rules)
    })
  test(`objects of ${source.name} whose fields are of other kinds are no identity or one, never a crash`, () => {
    for (const [name, content] of cases) {
      for (const odd of [null, 7, [], {}, [[]], 'x', { name: {} }]) {
        const bent = JSON.parse(JSON.stringify(content), (key, value) =>
          key === '' || typeof value === 'object' ? value : odd,
        )
        const { related } = readSource(source, [bent], 'export.json')
        assert.ok(related.length <= 2, name)
      }
    }
  })
}
