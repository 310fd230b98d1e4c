import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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
