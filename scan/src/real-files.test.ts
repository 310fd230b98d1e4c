import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { type ScanOptions, scan } from './scan.ts'

// Files of real projects: whatever is one of ours must be read, and what cannot be must be named.

const DATA = join(import.meta.dirname, '../../../shared/data')
const skip = existsSync(DATA) ? false : 'the real files are not beside this repository'
const OPTIONS: ScanOptions = { salt: 'a salt for these tests only', now: new Date('2026-09-01T00:00:00Z') }

const yamlFilesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.ya?ml$/.test(path))
    .map((path) => join(folder, path))

test('every workflow of the real ones is read into its jobs, or named', { skip }, async (t) => {
  const folder = join(DATA, 'github-workflows')
  const report = await scan([folder], OPTIONS)
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
  const report = await scan([folder], OPTIONS)
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

// Of each folder that has a source: which files are named instead of read, and why they cannot be.
const NAMED: Readonly<Record<string, readonly string[]>> = {
  'cartography-fixtures': ['microsoft/entra/directory_roles.json'],
  'cloudsplaining-authz': ['example_authz_v2.json'],
  'mcp-schema': [],
  'secretlint-cases': [
    'preset__secretlint-rule-gcp/ok.secure-privatekey-p12/input.p12',
    'secretlint-rule-gcp/ok.invalid-p12-huge-iter/input.p12',
    'secretlint-rule-gcp/ok.invalid-p12-truncated/input.p12',
  ],
  // Two are empty and one is cut off.
  'tfstate-driftctl': [
    'pkg__iac__terraform__state__enumerator__testdata__edge_cases__terraform.tfstate__terraform.tfstate',
    'pkg__iac__terraform__state__enumerator__testdata__states__lambda__lambda.tfstate',
    'pkg__iac__terraform__state__testdata__v4__invalid.tfstate',
  ],
}

for (const [folder, named] of Object.entries(NAMED)) {
  test(`${folder}: every file is read but for those that cannot be, which are named`, { skip }, async (t) => {
    const report = await scan([join(DATA, folder)], OPTIONS)
    const told = [...new Set(report.problems.map(({ path }) => relative(join(DATA, folder), path)))].sort()
    t.diagnostic(`${report.counts.files + told.length} files, ${told.length} named: ${told.join(', ')}`)
    assert.deepEqual(told, named)
  })
}
