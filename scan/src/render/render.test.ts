import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { rules } from '../posture/judge.ts'
import { CREDENTIAL_TYPES, ENVIRONMENTS, KINDS, OWASP_NUMBERS, PROBLEM_REASONS, SEVERITIES } from '../report.ts'
import { scan } from '../scan.ts'
import { renderJson } from './json.ts'
import { renderSarif } from './sarif.ts'
import { renderTable } from './table.ts'

const ROOT = join(import.meta.dirname, '../../..')
const SCHEMA: object = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../schema/scan-report.schema.json'), 'utf8'),
)
const report = await scan([join(ROOT, 'examples/estate'), join(ROOT, 'not there')], {
  salt: 'a salt for these tests only',
  now: new Date('2026-09-01T00:00:00Z'),
})

const validator = () => {
  const ajv = new Ajv2020({ allErrors: true, strict: false })
  addFormats.default(ajv)
  return ajv.compile(SCHEMA)
}

test('the JSON report is as the published schema says', () => {
  const isValid = validator()
  assert.ok(isValid(JSON.parse(renderJson(report))), JSON.stringify(isValid.errors?.slice(0, 5)))
})

test('the schema refuses what is not in it', () => {
  const isValid = validator()
  const wrong: { findings: { severity?: string }[] } = JSON.parse(renderJson(report))
  assert.ok(wrong.findings[0])
  wrong.findings[0].severity = 'terrible'
  assert.ok(!isValid(wrong))
})

test('the schema lists the same words as the code', () => {
  const text = JSON.stringify(SCHEMA)
  for (const words of [KINDS, SEVERITIES, OWASP_NUMBERS, ENVIRONMENTS, CREDENTIAL_TYPES, PROBLEM_REASONS]) {
    assert.ok(text.includes(JSON.stringify(words)), `${words[0]}…`)
  }
})

test('every rule has an id of the published form, and says what is wrong, why it matters and what to do', () => {
  assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length)
  for (const rule of rules) {
    assert.match(rule.id, /^[a-z]+\/[a-z0-9-]+$/)
    assert.ok(rule.title.length > 5 && rule.why.length > 20 && rule.fix.length > 20, rule.id)
  }
})

test('every number of the OWASP list has a rule', () => {
  assert.deepEqual([...new Set(rules.map(({ owasp }) => owasp))].sort(), [...OWASP_NUMBERS].sort())
})

test('SARIF 2.1.0: what §3 of the specification requires is there, and every reference inside it holds', () => {
  const log = JSON.parse(renderSarif(report))
  assert.equal(log.version, '2.1.0')
  const [run] = log.runs
  const { driver } = run.tool
  assert.equal(typeof driver.name, 'string')
  assert.equal(run.results.length, report.findings.length)
  for (const result of run.results) {
    // §3.27.6, §3.52.5: the index is that of the rule with the id.
    assert.equal(driver.rules[result.ruleIndex].id, result.ruleId)
    assert.ok(['error', 'warning', 'note'].includes(result.level))
    assert.ok(result.message.text.length > 10)
    const { artifactLocation, region } = result.locations[0].physicalLocation
    assert.ok(region.startLine >= 1)
    // RFC 3986: the reference resolves.
    assert.ok(URL.canParse(artifactLocation.uri, 'file:///work/'))
    assert.match(result.partialFingerprints['reeve/v1'], /^[0-9a-f]{32}$/)
  }
  for (const rule of driver.rules) {
    assert.ok(rule.shortDescription.text && rule.fullDescription.text && rule.help.text)
    assert.ok(Number(rule.properties['security-severity']) > 0)
  }
  const [invocation] = run.invocations
  assert.equal(invocation.executionSuccessful, true)
  assert.equal(invocation.toolExecutionNotifications.length, report.problems.length)
})

test('a path with blanks and marks is a valid reference in SARIF', () => {
  const [finding] = report.findings
  assert.ok(finding)
  const odd = { ...finding, where: { ...finding.where, path: './a b/ü#1?.yml' } }
  const log = JSON.parse(renderSarif({ ...report, findings: [odd] }))
  assert.equal(log.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri, 'a%20b/%C3%BC%231%3F.yml')
})

test('in SARIF a finding of an earlier version, or of a file in an archive, names the file that lies there, and no line of it', () => {
  const [finding] = report.findings
  assert.ok(finding)
  const placeOf = (path: string, inRepository: string) => {
    const moved = { ...finding, where: { ...finding.where, path, inRepository, line: 7 } }
    return JSON.parse(renderSarif({ ...report, findings: [moved] })).runs[0].results[0].locations[0]
  }
  const physical = (uri: string) => ({ artifactLocation: { uri } })
  assert.deepEqual(placeOf('repo/src/a.ini@0123456789ab', 'src/a.ini'), {
    physicalLocation: physical('repo/src/a.ini'),
    properties: { commit: '0123456789ab', line: 7 },
  })
  assert.deepEqual(placeOf('repo/dist/app.jar!/conf/a.ini', 'dist/app.jar!/conf/a.ini'), {
    physicalLocation: physical('repo/dist/app.jar'),
    properties: { inArchive: 'conf/a.ini', line: 7 },
  })
  // A file that is called so lies there now.
  assert.deepEqual(placeOf('repo/a@0123456789ab', 'a@0123456789ab'), {
    physicalLocation: { ...physical('repo/a%400123456789ab'), region: { startLine: 7 } },
  })
})

test('the table keeps to the width of the terminal but for the place, and says what is wrong in numbers', () => {
  const table = renderTable(report, { widthMax: 140 })
  assert.match(table, /identities and credentials, \d+ with an owner written down/)
  assert.match(table, new RegExp(`${report.findings.length} findings: \\d+ critical`))
  assert.match(table, /not there {2}vanished/)
  const heads = table.split('\n').filter((line) => /^(?:KIND|SEVERITY) /.test(line))
  assert.equal(heads.length, 2)
  assert.ok(heads.every((line) => line.length <= 140))
})

test('one long path costs the names of a table nothing', () => {
  const [some] = report.sightings
  assert.ok(some)
  const names = ['one token of a bot ending in AAAA', 'one token of a bot ending in BBBB']
  const sightings = names.map((name, at) => ({
    ...some,
    name,
    where: { ...some.where, path: `${'deep/'.repeat(at * 30)}a.txt` },
    reaches: [{ what: 'x'.repeat(90), access: 'read' as const, because: 'y' }],
  }))
  const table = renderTable({ ...report, sightings }, { widthMax: 150 })
  for (const name of names) assert.ok(table.includes(name), name)
})

test('the table tells each rule once, with how often it found something and what to do', () => {
  const rows = renderTable(report).split('What to do')[1]?.split('\n') ?? []
  for (const [rule, findings] of Map.groupBy(report.findings, (finding) => finding.rule)) {
    const own = rows.filter((row) => row.startsWith(`${rule} `))
    assert.deepEqual(
      own.map((row) => row.replace(/ {2,}/g, '|')),
      [`${rule}|${findings.length}|${findings[0]?.fix}`.replace(/ {2,}/g, '|')],
    )
  }
})

test('one of anything is told as one', () => {
  const one = { ...report, findings: report.findings.slice(0, 1), counts: { ...report.counts, files: 1 } }
  assert.match(renderTable(one), /\n1 file read\. [^\n]*\n1 finding: /)
})

test('the table of nothing says so', () => {
  const empty = { ...report, sightings: [], findings: [], problems: [], skipped: [] }
  assert.match(renderTable(empty), /Findings \(0\)\n\nnone/)
})
