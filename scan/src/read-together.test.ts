import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { countingThreads } from '../test/counting-threads.ts'
import { scan } from './scan.ts'
import { scanDocuments } from './scan-documents.ts'
import type { Source } from './source.ts'
import { terraformCodeSource } from './sources/terraform-code/source.ts'
import { startThreads, type Threads } from './threads.ts'

const GIVEN = { salt: 'a salt for these tests only', now: new Date('2026-09-01T00:00:00Z') }
const USER = 'resource "aws_iam_user" "u" {\n  name = "u"\n}\n'
const KEY = 'resource "aws_iam_access_key" "k" {\n  user = "u"\n}\n'

test('a comment beside what a module makes allows it, where the module is written', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'read-together-'))
  t.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'm'))
  writeFileSync(join(folder, 'main.tf'), 'module "m" {\n  source = "./m"\n}\n')
  const rules = async (text: string) => {
    writeFileSync(join(folder, 'm', 'main.tf'), text)
    const { findings } = await scan([folder], GIVEN)
    return findings.map(({ rule }) => rule).filter((rule) => rule.startsWith('terraform/'))
  }
  assert.deepEqual(await rules(KEY), ['terraform/static-key'])
  assert.deepEqual(await rules(`# reeve:allow-next-line terraform/static-key\n${KEY}`), [])
})

test('files that other threads opened are read together as those of the own are', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'read-together-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (let at = 0; at < 100; at += 1) {
    mkdirSync(join(folder, `m${at}`))
    writeFileSync(join(folder, `m${at}`, 'main.tf'), USER)
    writeFileSync(join(folder, `call${at}.tf`), `module "m${at}" {\n  source = "./m${at}"\n}\n`)
  }
  const threads = startThreads(2)
  t.after(() => threads.close())
  const counting = countingThreads(threads)
  const keys = async (given: Threads) =>
    (await scan([folder], { ...GIVEN, threads: given })).sightings.map(({ stableKey }) => stableKey).sort()
  const alone = await keys(startThreads(1))
  assert.equal(alone.length, 100)
  while (counting.handedOver() === 0) assert.deepEqual(await keys(counting.threads), alone)
})

test('a group that fails costs the others nothing, and one secret of a group is not known in another', () => {
  const seen = (name: string) => ({
    kind: 'bot' as const,
    name,
    stableKey: name,
    where: { path: 'x.tf', line: 1, repository: '', inRepository: 'x.tf' },
    ...{ reaches: [], evidence: [], environment: null, traits: [] },
  })
  const source: Source = {
    name: 'fails',
    wants: ({ extension }) => extension === 'tf',
    read: () => ({ sightings: [], problems: [] }),
    *readTogether() {
      yield () => {
        throw new Error('a-secret-of-the-file')
      }
      yield ({ seal }) => {
        seal('a-secret-of-one', { type: 'password', provider: 'x' })
        return { sightings: [seen('has a-secret-of-one')], problems: [] }
      }
      yield () => ({ sightings: [seen('speaks of a-secret-of-one')], problems: [] })
      throw new Error('a-secret-of-the-file')
    },
  }
  const report = scanDocuments([{ path: 'x.tf', text: USER }], { ...GIVEN, sources: [source, terraformCodeSource] })
  assert.deepEqual(
    report.problems.map(({ reason, path }) => `${reason} ${path}`),
    ['source-failed x.tf', 'source-failed x.tf'],
  )
  assert.deepEqual(report.sightings.map(({ name }) => name).sort(), [
    'has [redacted]',
    'speaks of a-secret-of-one',
    'user u',
  ])
  assert.ok(!JSON.stringify(report).includes('a-secret-of-the-file'))
})
