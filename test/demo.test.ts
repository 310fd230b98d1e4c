import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { rounds } from './rounds.ts'

const ROOT = join(import.meta.dirname, '..')

/** The steps, by what each must have shown. */
const CLAIMS = [
  'the server is ready',
  'identities were found',
  'no secret was printed',
  'the sightings are in the register',
  'everything was created',
  'applying it again changes nothing',
  'the API answers 200',
  'why names the missing attribute',
  'the token is refused from then on',
  'the export verifies with the public key alone',
  'a forged copy does not',
]

const WAYS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['as it is told', []],
  ['on an estate with random names', ['--seed', '20261122']],
]
// The other way in CI alone: each takes ten seconds.
for (const [name, args] of WAYS.slice(0, rounds({ quick: 1, full: 2 })))
  test(`the demo's eight steps come out ${name}`, () => {
    const run = spawnSync(process.execPath, ['examples/demo.ts', '--once', ...args], { cwd: ROOT, encoding: 'utf8' })
    assert.equal(run.status, 0, `${run.stdout}${run.stderr}`)
    for (let step = 1; step <= 8; step++) assert.match(run.stdout, new RegExp(`\\[${step}/8\\]`))
    for (const claim of CLAIMS) assert.match(run.stdout, new RegExp(`✓ .*${claim}`))
  })
