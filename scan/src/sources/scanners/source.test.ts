import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testExports } from '../../../test/export-table.ts'
import { readSource } from '../../../test/read-source.ts'
import { scannersSource } from './source.ts'

const SECRET = 'Zq8xV2mN7pL4tR9wK3yB'
const gitleaks = (more: object) => ({
  RuleID: 'generic-api-key',
  Description: 'd',
  StartLine: 4,
  File: 'src/a.ts',
  Secret: SECRET,
  Match: `k=${SECRET}`,
  Commit: 'abcdef0123456789',
  Email: 'ann@acme.example',
  Fingerprint: 'f',
  ...more,
})
const trufflehog = (more: object) => ({
  SourceMetadata: { Data: { Git: { file: 'src/a.ts', line: 4, commit: 'abcdef', email: 'Ann <ann@acme.example>' } } },
  DetectorName: 'AWS',
  Verified: false,
  Raw: SECRET,
  ...more,
})
const sarif = (more: object, rule: object = { id: 'hardcoded-secret' }, name = 'Semgrep') => ({
  version: '2.1.0',
  runs: [
    {
      tool: { driver: { name, rules: [rule] } },
      results: [
        {
          ruleId: 'hardcoded-secret',
          level: 'error',
          message: { text: `found ${SECRET}` },
          locations: [{ physicalLocation: { artifactLocation: { uri: 'src/a.ts' }, region: { startLine: 4 } } }],
          partialFingerprints: { p: 'x' },
          ...more,
        },
      ],
    },
  ],
})

testExports(scannersSource, [
  ['a secret of gitleaks', [gitleaks({})], ['scanner/secret high']],
  ['a secret that gitleaks cut out', [gitleaks({ Secret: 'REDACTED', Match: 'REDACTED' })], ['scanner/secret high']],
  ['a secret of trufflehog', trufflehog({}), ['scanner/secret high']],
  ['a secret that trufflehog verified', trufflehog({ Verified: true }), ['scanner/secret critical']],
  ['a result of SARIF', sarif({}), ['scanner/secret high']],
  ['a warning of SARIF', sarif({ level: 'warning' }), ['scanner/secret medium']],
  [
    'a result of SARIF whose rule is tagged',
    sarif({ ruleId: 'R1' }, { id: 'R1', properties: { tags: ['CWE-798'] } }),
    ['scanner/secret high'],
  ],
])

test('the same secret in two reports is one credential, and no report shows it', () => {
  const { related, sealed } = readSource(scannersSource, [gitleaks({}), trufflehog({})], 'report.json')
  assert.equal(related.length, 1)
  assert.match(related[0]?.stableKey ?? '', /^credential:/)
  assert.equal(related[0]?.traits.length, 2)
  assert.deepEqual(sealed, [SECRET])
  const cut = readSource(scannersSource, sarif({}), 'report.sarif')
  assert.equal(cut.sightings[0]?.stableKey, 'finding:Semgrep:x')
  assert.ok(!JSON.stringify(cut.sightings).includes(SECRET))
})

test('what is not about credentials is counted, what was suppressed or is our own is left out', () => {
  const other = readSource(scannersSource, sarif({ ruleId: 'sql-injection' }, { id: 'sql-injection' }), 'a.json')
  assert.deepEqual(
    other.problems.map(({ reason, detail }) => `${reason}: ${detail}`),
    ['incomplete: results of another scanner that are not about credentials: 1 left out'],
  )
  assert.deepEqual(other.sightings, [])
  assert.deepEqual(readSource(scannersSource, sarif({ suppressions: [{ kind: 'inSource' }] }), 'a.json').sightings, [])
  assert.deepEqual(readSource(scannersSource, sarif({}, { id: 'hardcoded-secret' }, 'reeve'), 'a.json').sightings, [])
})
