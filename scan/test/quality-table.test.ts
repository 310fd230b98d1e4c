import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasCases } from './labelled-cases.ts'
import { qualityTable } from './quality-table.ts'

const skip = hasCases ? false : 'the labelled cases are not beside this repository'

test('the figures by family of rules that are published are those of the rules as they are', { skip }, async () => {
  const published = readFileSync(join(import.meta.dirname, '../../bench/results.md'), 'utf8')
  const table = await qualityTable()
  assert.ok(published.includes(table), `npm run bench -- scan prints the table for bench/results.md:\n${table}`)
})
