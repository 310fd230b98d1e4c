import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeApart } from './judge.ts'

test('answers are read and judged in a thread, by the source of their vendor alone, and what is broken fails there', async () => {
  const role = { server: 'db:5432', rolname: 'app', rolcanlogin: true, rolsuper: true }
  const question = {
    documents: [{ path: 'postgresql/db.json', text: JSON.stringify([role]) }],
    ...{ sources: ['databases'], salt: 'a salt of some length', nowMs: Date.UTC(2026, 10, 1) },
  }
  const { sightings, findings, scannedAt } = await judgeApart(question)
  assert.deepEqual([sightings[0]?.stableKey, scannedAt], ['postgresql:db:5432#app', '2026-11-01T00:00:00.000Z'])
  assert.ok(findings.some(({ rule }) => rule === 'account/superuser'))
  assert.deepEqual((await judgeApart({ ...question, sources: ['okta'] })).sightings, [])
  await assert.rejects(judgeApart({ ...question, salt: 'short' }), /salt/)
})
