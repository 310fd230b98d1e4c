import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { renderJson, type ScanReport, scan } from '../scan/src/index.ts'
import { type Expected, generateEstate } from './generate-estate.ts'

const OPTIONS = { salt: 'a salt for these tests only', now: new Date('2026-09-01T00:00:00Z') }

const folderFor = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'estate-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const seenIn = (report: ScanReport, folder: string) => ({
  identities: report.sightings.map(({ kind, name }) => `${kind} ${name}`).sort(),
  findings: report.findings
    .map(({ rule, owasp, where }) => `${rule} ${owasp} ${where.path.slice(folder.length + 1)}:${where.line}`)
    .sort(),
})

const toldBy = (expected: Expected) => ({
  identities: expected.identities.map(({ kind, name }) => `${kind} ${name}`).sort(),
  findings: expected.findings.map(({ rule, owasp, path, line }) => `${rule} ${owasp} ${path}:${line}`).sort(),
})

test('a scan finds exactly what lies in an estate with random names, for 20 seeds, and repeats no secret', async (t) => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const folder = folderFor(t)
    const { expected, secrets } = await generateEstate(folder, seed)
    const report = await scan([folder], OPTIONS)
    assert.deepEqual(seenIn(report, folder), toldBy(expected), `seed ${seed}`)
    assert.deepEqual(report.problems, [])
    const text = renderJson(report)
    for (const secret of secrets) assert.ok(!text.includes(secret), `seed ${seed} repeats a secret`)
  }
})

test('the estate in this repository is what the generator writes, but for its README', async (t) => {
  const folder = folderFor(t)
  const { expected } = await generateEstate(folder, undefined)
  const kept = join(import.meta.dirname, 'estate')
  const filesIn = (root: string) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
      .filter((path) => path !== 'README.md')
      .sort()
  assert.deepEqual(filesIn(kept), filesIn(folder))
  for (const path of filesIn(kept)) {
    assert.equal(readFileSync(join(kept, path), 'utf8'), readFileSync(join(folder, path), 'utf8'), path)
  }
  assert.deepEqual(seenIn(await scan([kept], OPTIONS), kept), toldBy(expected))
})

test('the estate has four repositories, at least 15 identities, 12 findings and every OWASP number', async (t) => {
  const { expected } = await generateEstate(folderFor(t), undefined)
  assert.equal(new Set(expected.findings.map(({ path }) => path.split('/')[0])).size, 4)
  assert.ok(expected.identities.length >= 15)
  assert.ok(expected.findings.length >= 12)
  assert.equal(new Set(expected.findings.map(({ owasp }) => owasp)).size, 10)
})
