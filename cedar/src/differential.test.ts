import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { rounds } from '../../test/rounds.ts'
import { compare, emptyTally, scenario } from '../test/compare.ts'

// Enough for a set of a dozen policies, its entities and its requests; where they end, every choice is the simplest.
const numbers = fc.noBias(
  fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 300, maxLength: 3_000, size: 'max' }),
)
const SETS = rounds({ quick: 24, full: 200 })
const REQUESTS_EACH = 50
const CASES = SETS * REQUESTS_EACH

const runs = [
  { name: 'a fixed seed', seed: 20_261_126 },
  { name: 'a fresh seed', seed: randomInt(2 ** 31) },
]
for (const { name, seed } of runs)
  test(`${CASES} generated cases come out as from the official engine: decision, policies, errors (P1, ${name})`, (t) => {
    const tally = emptyTally()
    const met = (given: number[]): void => {
      const { written, requests } = scenario(given, REQUESTS_EACH)
      compare(written, requests, tally)
    }
    t.diagnostic(`seed ${seed}`)
    fc.assert(fc.property(numbers, met), { seed, numRuns: SETS })
    t.diagnostic(JSON.stringify(tally))
    assert.equal(tally.cases, CASES)
    assert.ok(Math.min(tally.allow, tally.deny, tally.withErrors) > CASES / 10, JSON.stringify(tally))
  })
