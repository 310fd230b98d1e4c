import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { COMPOSE, fixedAccounts } from '../../../test/real-files-labels.ts'
import { scan } from '../../scan.ts'

// Stacks of real programs, labelled from the files alone, without a look at this parser.

const DATA = join(import.meta.dirname, '../../../../../shared/data/compose')
const skip = existsSync(DATA) ? false : 'the real files are not beside this repository'

test('every service and account that somebody found in the real stacks is an identity, by file and name, and nothing else is', {
  skip,
}, async (t) => {
  const report = await scan([DATA], { salt: 'a salt for these tests only', now: new Date('2026-09-01T00:00:00Z') })
  const seen = report.sightings
    .filter(({ source }) => source === 'compose')
    .flatMap(({ kind, stableKey, where, alsoAt }) =>
      [where, ...alsoAt].map(({ path }) => `${kind} ${relative(DATA, path)}#${stableKey?.split('#')[1]}`),
    )
  const services = Object.entries(COMPOSE.services).flatMap(([file, names]) =>
    names.map((name) => `service ${file}#${name}`),
  )
  const accounts = fixedAccounts.map(({ file, service, name }) => `account ${file}#${service}/${name}`)
  assert.deepEqual(seen.sort(), [...services, ...accounts].sort())
  t.diagnostic(`${services.length} services and ${accounts.length} accounts, all as labelled`)
})
