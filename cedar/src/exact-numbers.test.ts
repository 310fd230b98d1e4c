import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GROWTH_MAX, growth } from '../../test/growth.ts'
import { parse } from '../test/official.ts'
import { compilePolicies, type ExactRequest, readJson, withExactNumbers } from './index.ts'

const name = { type: 'U', id: '' }
const asking = (n: number | bigint): ExactRequest => ({
  principal: name,
  action: name,
  resource: name,
  context: { n },
  entities: [],
})

const holds = (condition: string, n: number | bigint): boolean => {
  const est = withExactNumbers(`permit (principal, action, resource) when { ${condition} };`, parse)
  const compiled = compilePolicies([{ id: 'p', est }])
  assert.ok(compiled.ok, JSON.stringify(compiled))
  return compiled.policies.decide(asking(n)).decision === 'allow'
}

test('two numbers that JavaScript would take for one are told apart, in policies and in requests', () => {
  assert.equal(holds('context.n == 9007199254740993', 9007199254740993n), true)
  assert.equal(holds('context.n == 9007199254740993', 9007199254740992n), false)
  assert.equal(holds('context.n == 9223372036854775807', 2n ** 63n - 1n), true)
  assert.equal(holds('context.n == 9223372036854775806', 2n ** 63n - 1n), false)
  assert.equal(holds('context.n == -9223372036854775808', -(2n ** 63n)), true)
  assert.equal(holds('context.n == - 9223372036854775808', -(2n ** 63n) + 1n), false)
})

test('a number is the same whether it is written as a bigint or as a number', () => {
  assert.equal(holds('context.n == 5', 5n), true)
  assert.equal(holds('[5, 6].contains(context.n)', 5n), true)
  assert.equal(holds('context.n == 0', -0), true)
})

test('sums, differences and products are exact beyond 2^53 and fail beyond 2^63', () => {
  assert.equal(holds('context.n + 1 == 9007199254740993', 9007199254740992n), true)
  assert.equal(holds('context.n * 3 == 9223372036854775806', 3074457345618258602n), true)
  assert.equal(holds('context.n - 1 > 0 || true', -(2n ** 63n)), false)
  assert.equal(holds('-context.n > 0 || true', -(2n ** 63n)), false)
  assert.equal(holds('context.n * 2 > 0 || true', 2n ** 62n), false)
})

test('what stands in for a large number is never taken for a number of the text, and digits elsewhere stay', () => {
  const mark = 2 ** 52
  const condition = `context.n == 9007199254740993 && "9007199254740993" like "*3" && ${mark} != ${mark + 1} && !(context has a9007199254740993) // 9007199254740993\n`
  assert.equal(holds(condition, 9007199254740993n), true)
  assert.equal(holds(`context.n == ${mark} && 9007199254740993 > 0`, mark), true)
  assert.equal(holds(`context.n == ${mark} && 9007199254740993 > 0`, 9007199254740993n), false)
})

test('a number that was rounded already is refused instead of guessed', () => {
  const est = parse('permit (principal, action, resource) when { context.n == 9007199254740993 };')
  assert.equal(compilePolicies([{ id: 'p', est }]).ok, false)
  const compiled = compilePolicies([{ id: 'p', est: parse('permit (principal, action, resource);') }])
  assert.ok(compiled.ok)
  for (const n of [2 ** 53, 1e300, 0.5, Number.NaN, 2n ** 63n, -(2n ** 63n) - 1n])
    assert.deepEqual(
      compiled.policies.decide(asking(n)).errors.map((error) => error.policy),
      [''],
      String(n),
    )
})

test('JSON is read without rounding its whole numbers', () => {
  assert.deepEqual(readJson('{"a": [9007199254740993, -9223372036854775808, 1, 1.5, "9007199254740993"]}'), {
    a: [9007199254740993n, -9223372036854775808n, 1, 1.5, '9007199254740993'],
  })
})

test('a policy of nothing but quotes is stepped over once, not once for each of them', () => {
  const grown = growth((quotes) => {
    const text = `"${'\\"'.repeat(quotes)}`
    return () => withExactNumbers(text, () => undefined)
  }, 10_000)
  assert.ok(grown < GROWTH_MAX, `${grown}`)
})

test('a comment ends where the language ends it, at a carriage return too, and no text is taken for a number', () => {
  const text = '//\r@a("\n") permit (principal, action, resource in R::"9007199254740993");'
  assert.match(JSON.stringify(withExactNumbers(text, parse)), /9007199254740993/)
})
