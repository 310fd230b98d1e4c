import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scan } from './scan.ts'
import { scanDocuments } from './scan-documents.ts'
import { databasesSource } from './sources/databases/source.ts'

const SALT = 'a salt of some length'
const NOW = new Date('2026-09-01T00:00:00Z')
const given = { salt: SALT, now: NOW, sources: [databasesSource] }

test('texts are judged by the rules of files, and what could not be read of them is named', async () => {
  const roles = JSON.stringify([{ server: 'db:5432', rolname: 'app', rolcanlogin: true, rolsuper: true }])
  const report = scanDocuments(
    [
      { path: 'postgresql/roles.json', text: roles },
      { path: 'postgresql/cut.json', text: roles.slice(0, -3) },
    ],
    given,
  )
  assert.deepEqual(
    report.sightings.map(({ stableKey }) => stableKey),
    ['postgresql:db:5432#app'],
  )
  assert.deepEqual(report.findings.map(({ rule }) => rule).sort(), [
    'account/superuser',
    'credential/without-end',
    'posture/unowned',
  ])
  assert.deepEqual(
    report.problems.map(({ path, reason }) => [path, reason]),
    [['postgresql/cut.json', 'bad-json']],
  )
  assert.equal(report.saltId, (await scan([], { salt: SALT, now: NOW })).saltId)
  assert.throws(() => scanDocuments([], { ...given, salt: 'short' }), RangeError)
})

test('an answer in a form that no parser knows is named, and does not pass for one with nothing in it', () => {
  const { problems } = scanDocuments([{ path: 'a.json', text: '[{"id":1}]' }], given)
  assert.deepEqual(
    problems.map(({ path, reason }) => [path, reason]),
    [['a.json', 'unreadable']],
  )
})

test('whoever names things in a live system hides nothing by a comment in a name', () => {
  const name = 'app # reeve:allow account/superuser'
  const text = JSON.stringify([{ server: 'db', rolname: name, rolcanlogin: true, rolsuper: true }])
  const { findings, allowed } = scanDocuments([{ path: 'a.json', text }], given)
  assert.ok(findings.some(({ rule }) => rule === 'account/superuser'))
  assert.deepEqual(allowed, [])
})
