import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { literalAccounts, WORKFLOWS } from '../../../test/real-files-labels.ts'
import type { Sighting } from '../../report.ts'
import { scan } from '../../scan.ts'

// Files of real projects and of a linter's tests, labelled from the files alone, without a look at this parser.

const DATA = join(import.meta.dirname, '../../../../../shared/data/github-workflows')
const skip = existsSync(DATA) ? false : 'the real files are not beside this repository'

const filesOf = ({ where, alsoAt }: Sighting): string[] =>
  [...new Set([where, ...alsoAt].map(({ path }) => relative(DATA, path)))].sort()

const scanned = async () => {
  const report = await scan([DATA], { salt: 'a salt for these tests only', now: new Date('2026-09-01T00:00:00Z') })
  const seen = report.sightings.filter(({ source }) => source === 'github-actions')
  return {
    jobs: seen.filter(({ kind }) => kind === 'ci-job'),
    accounts: seen.filter(({ kind }) => kind === 'account'),
  }
}
const report = skip ? undefined : scanned()

test('every job that somebody found in the real workflows is an identity, by file and id, and nothing else is', {
  skip,
}, async (t) => {
  const { jobs = [] } = (await report) ?? {}
  const seen = jobs.flatMap((job) => filesOf(job).map((file) => `${file}#${job.stableKey?.split('#')[1]}`))
  const labelled = Object.entries(WORKFLOWS.jobs).flatMap(([file, ids]) => ids.map((id) => `${file}#${id}`))
  assert.deepEqual(seen.sort(), labelled.sort())
  const callers = Object.values(WORKFLOWS.callers).flat().length
  t.diagnostic(`${seen.length} jobs, all as labelled, ${callers} of them callers of a reusable workflow`)
})

test('every account that the real workflows name is an identity in each file that becomes it, and nothing else is', {
  skip,
}, async () => {
  const { accounts = [] } = (await report) ?? {}
  const seen = accounts.map((account) => [account.name, filesOf(account)])
  assert.deepEqual(seen.sort(), literalAccounts.map(({ name, files }) => [name, files]).sort())
})

test('an account that only a variable or a secret holds is told as what a job of each such file reaches', {
  skip,
}, async () => {
  const { jobs = [] } = (await report) ?? {}
  // An app of GitHub is known by its private key alone: that is a secret like any other.
  const held = WORKFLOWS.accounts.filter(({ named, kind }) => named === 'reference' && kind !== 'github-app')
  assert.ok(held.length > 0)
  for (const { name, files } of held)
    for (const file of files) {
      const here = jobs.filter((job) => filesOf(job).includes(file)).flatMap(({ reaches }) => reaches)
      const bare = name.slice(name.indexOf('.') + 1)
      assert.ok(
        here.some(({ what }) => what.includes(`{{ ${name} }}`) || what === `secret ${bare}`),
        `${file}: ${name}`,
      )
    }
})
