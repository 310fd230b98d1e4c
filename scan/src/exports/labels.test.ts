import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { EXPORT_LABELS } from '../../test/export-labels.ts'
import { NOW } from '../../test/read-source.ts'
import { scan } from '../scan.ts'
import { sources } from '../sources/registry.ts'

const EXPORTS = join(import.meta.dirname, '../../../../shared/data/cartography-fixtures')
const skip = existsSync(EXPORTS) ? false : 'the real files are not beside this repository'

test('of the real exports of clouds and services every file is read, and each has as many identities as its label says', {
  skip,
}, async (t) => {
  const own = sources.filter(({ name }) => Object.hasOwn(EXPORT_LABELS, name))
  const report = await scan([EXPORTS], { salt: 'a salt for these tests only', now: NOW, sources: own })
  assert.deepEqual(
    report.problems.filter(({ reason }) => reason !== 'incomplete'),
    [],
  )
  for (const { name } of own) {
    const found = new Map<string, Set<string>>()
    for (const { source, stableKey, where, alsoAt } of report.sightings) {
      if (source !== name) continue
      for (const { path } of [where, ...alsoAt]) {
        const file = path.slice(EXPORTS.length + 1)
        found.set(file, (found.get(file) ?? new Set()).add(stableKey))
      }
    }
    const counts = Object.fromEntries([...found].map(([file, keys]) => [file, keys.size]))
    assert.deepEqual(counts, EXPORT_LABELS[name], name)
    t.diagnostic(`${name}: ${Object.keys(counts).length} files with identities`)
  }
})
