import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { rounds } from '../../../test/rounds.ts'
import { type Entropy, entropy } from '../../test/entropy.ts'
import { datetime, decimal, duration, ip } from '../../test/literals.ts'
import { VALID } from '../../test/world.ts'
import { compilePolicies, type EstExpression } from '../index.ts'
import { readValue } from './read-value.ts'

const written = (fn: string, text: string): cedar.Expr => ({ [fn]: [{ Value: text }] })
const called = (fn: string, ...given: cedar.Expr[]): cedar.Expr => ({ [fn]: given })
const ordered = (left: cedar.Expr, right: cedar.Expr): cedar.Expr => ({ '<': { left, right } })
const same = (left: cedar.Expr, right: cedar.Expr): cedar.Expr => ({ '==': { left, right } })
const long = (amount: number): cedar.Expr => ({ Value: amount })

/** Half of the texts are proper, so that more is compared than refusals. */
const mixed =
  (kind: keyof typeof VALID, any: (of: Entropy) => string) =>
  (of: Entropy): string =>
    of.oneIn(2) ? of.pick(VALID[kind]) : any(of)

/** What is asked of two texts of one type; what is no proper text fails, which is an answer too. */
const questions: {
  name: string
  text: (of: Entropy) => string
  asked: (one: string, other: string) => cedar.Expr[]
}[] = [
  {
    name: 'decimal',
    text: mixed('decimal', decimal),
    asked: (one, other) => [
      same(written('decimal', one), written('decimal', other)),
      called('lessThan', written('decimal', one), written('decimal', other)),
      called('greaterThanOrEqual', written('decimal', one), written('decimal', '0.0')),
    ],
  },
  {
    name: 'ip',
    text: mixed('ip', ip),
    asked: (one, other) => [
      called('isInRange', written('ip', one), written('ip', other)),
      same(written('ip', one), written('ip', other)),
      called('isLoopback', written('ip', one)),
      called('isMulticast', written('ip', one)),
      called('isIpv4', written('ip', one)),
    ],
  },
  {
    name: 'datetime',
    text: mixed('datetime', datetime),
    asked: (one, other) => [
      ordered(written('datetime', one), written('datetime', other)),
      same(called('toDate', written('datetime', one)), called('toDate', written('datetime', other))),
      ordered(called('toTime', written('datetime', one)), written('duration', '12h')),
      ordered(
        called('toDays', called('durationSince', written('datetime', one), written('datetime', '2000-01-01'))),
        long(0),
      ),
    ],
  },
  {
    name: 'duration',
    text: mixed('duration', duration),
    asked: (one, other) => [
      ordered(written('duration', one), written('duration', other)),
      ordered(called('toHours', written('duration', one)), called('toHours', written('duration', other))),
      ordered(
        called('offset', written('datetime', '1969-12-31'), written('duration', one)),
        written('datetime', other),
      ),
      ordered(
        called('toDate', called('offset', written('datetime', '1969-12-31'), written('duration', one))),
        written('datetime', '1970-01-01'),
      ),
      same(called('toMilliseconds', written('duration', one)), {
        '*': { left: called('toSeconds', written('duration', one)), right: long(1_000) },
      }),
    ],
  },
]

const name = { type: 'U', id: '' }
const request = { principal: name, action: name, resource: name, context: {}, entities: [] }
const always = { principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } } as const
const pairs = fc.noBias(fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 60, maxLength: 60 }))

const RUNS = rounds({ quick: 6, full: 20 })
const PAIRS_EACH = 200

for (const { name: kind, text, asked } of questions)
  test(`${RUNS * PAIRS_EACH} pairs of ${kind} texts, proper and improper, come out as from the official engine`, (t) => {
    const met = { true: 0, false: 0, failed: 0 }
    const ask = (numbers: number[][]): void => {
      const bodies = numbers.flatMap((list): cedar.Expr[] => {
        const of = entropy(list)
        return asked(text(of), text(of))
      })
      const policies = bodies.map((body, at) => ({
        id: `p${at}`,
        est: { effect: 'permit' as const, ...always, conditions: [{ kind: 'when' as const, body }] },
      }))
      const staticPolicies = Object.fromEntries(policies.map(({ id, est }) => [id, est]))
      const answer = cedar.isAuthorized({ ...request, policies: { staticPolicies } })
      assert.ok(answer.type === 'success')
      const { reason, errors } = answer.response.diagnostics
      const ours = compilePolicies(
        policies.map(({ id, est }) => ({
          id,
          est: {
            ...est,
            conditions: est.conditions.map(({ kind: when, body }): { kind: 'when'; body: EstExpression } => ({
              kind: when,
              body: { ...body },
            })),
          },
        })),
      )
      assert.ok(ours.ok)
      const decided = ours.policies.decide(request)
      const failed = decided.errors.map((error) => error.policy)
      const differs = [
        ...difference(reason, decided.policies),
        ...difference(
          errors.map((error) => error.policyId),
          failed,
        ),
      ]
      assert.deepEqual(
        differs.map((id) => JSON.stringify(staticPolicies[id]?.conditions)),
        [],
      )
      met.true += reason.length
      met.failed += errors.length
      met.false += policies.length - reason.length - errors.length
    }
    fc.assert(fc.property(fc.array(pairs, { minLength: PAIRS_EACH, maxLength: PAIRS_EACH }), ask), {
      numRuns: RUNS,
      seed: 5,
      endOnFailure: true,
    })
    t.diagnostic(JSON.stringify(met))
    assert.ok(Math.min(met.true, met.false, met.failed) > RUNS * 15, JSON.stringify(met))
  })

const difference = (one: readonly string[], other: readonly string[]): string[] => [
  ...new Set(one).symmetricDifference(new Set(other)),
]

test('what a text says does not hang on the text that was read before it', () => {
  const read = (fn: string, arg: string) => readValue({ __extn: { fn, arg } })
  const moments = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z', 'no moment', '2026-01-01T00:00:00.000Z']
  const [one, other, none, again] = moments.map((text) => read('datetime', text))
  assert.notDeepEqual(one, other)
  assert.deepEqual(again, one)
  assert.equal(typeof none === 'object' && none.kind, 'failure')
  assert.equal(typeof read('ip', 'no moment') === 'object', true)
  assert.deepEqual(read('ip', '192.0.2.1'), read('ip', '192.0.2.1'))
  assert.notDeepEqual(read('ip', '192.0.2.1'), read('ip', '192.0.2.2'))
})
