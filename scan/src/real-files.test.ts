import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { FOLDER_LABELS } from '../test/folder-labels.ts'
import { countsAs } from '../test/identity-counts.ts'
import type { ScanReport } from './report.ts'
import { type ScanOptions, scan } from './scan.ts'

// Files of real projects: whatever is one of ours must be read, and what cannot be must be named.

const DATA = join(import.meta.dirname, '../../../shared/data')
const skip = existsSync(DATA) ? false : 'the real files are not beside this repository'
const OPTIONS: ScanOptions = { salt: 'a salt for these tests only', now: new Date('2026-09-01T00:00:00Z') }

// Three tests ask for two folders: each is scanned once.
const reports = new Map<string, Promise<ScanReport>>()
const reportOn = (folder: string): Promise<ScanReport> => {
  const report = reports.get(folder) ?? scan([folder], OPTIONS)
  reports.set(folder, report)
  return report
}

const yamlFilesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.ya?ml$/.test(path))
    .map((path) => join(folder, path))

test('every workflow of the real ones is read into its jobs, or named', { skip }, async (t) => {
  const folder = join(DATA, 'github-workflows')
  const report = await reportOn(folder)
  const jobs = report.sightings.filter(({ source, kind }) => source === 'github-actions' && kind === 'ci-job')
  const read = new Set(jobs.flatMap(({ where, alsoAt }) => [where, ...alsoAt].map(({ path }) => path)))
  const named = new Set(report.problems.map(({ path }) => path))
  // One file has nothing in it at all: there is nothing to name.
  const files = yamlFilesIn(folder).filter((path) => readFileSync(path, 'utf8').trim() !== '')
  const left = files.filter((path) => !read.has(path) && !named.has(path))
  t.diagnostic(
    `${files.length} files: ${read.size} read into ${jobs.length} jobs, ${named.size} named, ${left.length} neither`,
  )
  t.diagnostic(`${report.findings.length} findings`)
  assert.deepEqual(left, [])
  assert.ok(read.size / files.length >= 0.98)
})

test('every compose and .env file of the real ones is read, or named', { skip }, async (t) => {
  const folder = join(DATA, 'compose')
  const report = await reportOn(folder)
  const services = report.sightings.filter(({ source }) => source === 'compose')
  const read = new Set(services.map(({ where }) => where.path))
  const named = new Set(report.problems.map(({ path }) => path))
  const files = yamlFilesIn(folder)
  t.diagnostic(`${files.length} files: ${read.size} read into ${services.length} identities, ${named.size} named`)
  assert.deepEqual(
    files.filter((path) => !read.has(path) && !named.has(path)),
    [],
  )
  assert.ok(report.findings.some(({ rule }) => rule === 'settings/guessable-password'))
})

const foldersIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)

test('every folder of the real files has its labels', { skip }, () => {
  assert.deepEqual(foldersIn(DATA).sort(), Object.keys(FOLDER_LABELS).sort())
})

for (const [name, { named, readEvenSo = [], identities }] of Object.entries(FOLDER_LABELS)) {
  test(`${name}: 98 of 100 files are read, the others named, and the identities are those of the labels`, {
    skip,
  }, async (t) => {
    const folder = join(DATA, name)
    const report = await reportOn(folder)
    const told = [...new Set(report.problems.map(({ path }) => relative(folder, path)))].sort()
    assert.deepEqual(told, [...named].sort())
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
    const unopened = new Set(report.problems.filter(({ reason }) => reason === 'binary').map(({ path }) => path)).size
    assert.equal(report.counts.files + unopened, files, 'no file is left out in silence')
    const read = files - named.length + readEvenSo.length
    assert.ok(read / files >= 0.98, `${read} of ${files} files`)
    const others = report.sightings.filter(({ source }) => source !== 'secrets')
    if (identities) assert.deepEqual(countsAs(identities, others), identities)
    t.diagnostic(`${read} of ${files} files read, ${others.length} identities beside secrets`)
  })
}
