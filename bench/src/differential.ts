import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { compare, emptyTally, scenario } from '../../cedar/test/compare.ts'

// Our evaluator against the official engine on generated policies, entities and requests; any difference ends the run,
// shrunk, with its seed.

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '20000' }, seed: { type: 'string' }, seconds: { type: 'string' } },
})
const cases = Number(values.cases)
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
const REQUESTS_EACH = 100
const ROUND_SETS = 100

const numbers = fc.noBias(
  fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 300, maxLength: 3_000, size: 'max' }),
)
const tally = emptyTally()
const met = (given: number[]): void => {
  const { written, requests } = scenario(given, REQUESTS_EACH)
  compare(written, requests, tally)
}

console.log(`seed ${seed}, ${cases} cases`)
const started = performance.now()
const elapsed = (): number => (performance.now() - started) / 1_000
const secondsMax = values.seconds === undefined ? Number.POSITIVE_INFINITY : Number(values.seconds)
for (let round = 0; tally.cases < cases && elapsed() < secondsMax; round++) {
  fc.assert(fc.property(numbers, met), { seed: (seed + round) | 0, numRuns: ROUND_SETS })
  if (round % 10 === 9) console.log(`${JSON.stringify(tally)} after ${elapsed().toFixed(0)} s`)
}
console.log(JSON.stringify({ bench: 'differential', unit: 'differences', reeve: 0, ...tally }))
