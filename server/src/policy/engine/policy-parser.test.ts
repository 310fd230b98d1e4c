import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { callOfficial } from './official.ts'
import { parseOfficially, parsePolicy } from './policy-parser.ts'

/** Each with places for ids, and all that looks like one and is none. */
const TEXTS: readonly ((id: string) => string)[] = [
  (id) => `permit (principal == User::"${id}", action, resource);`,
  (id) =>
    `permit (principal in Team::"${id}", action in [Action::"${id}", Action::"read"], resource == A::B::"${id}x");`,
  (id) => `@id("${id}") @reason_user("${id}") forbid (principal is User in Team::"${id}", action, resource);`,
  (id) => `@ id ( "${id}" ) permit (principal == User :: "${id}", action, resource);`,
  (id) => `// Team::"a" "\nforbid (principal, action, resource == R::"${id}") // ::"b"\nunless { true };`,
  (id) =>
    `permit (principal, action, resource) when { context.said == "a::" && "b" != "${id}" && principal == U::"${id}" };`,
  (id) =>
    `permit (principal, action, resource) when { ["::", "${id}"].contains(context.x) || R::"${id}" in context.y };`,
  (id) =>
    `permit (principal == U::"${id}", action, resource) when { context.n == 9223372036854775807 && context.m == -1 };`,
  (id) =>
    `permit (principal == U::"${id}", action, resource) when { context.x like "a*::*" && {"k": U::"${id}"}.k == principal };`,
  (id) => `permit (principal == U::"${id}", action, resource) when { context.x like "a\\*::\\"*" };`,
  (id) => `permit (principal == U::"${id}", action, resource) when { {"__proto__": U::"${id}"} == context };`,
  (id) =>
    `permit (principal == U::"${id}", action, resource) when { context == "\\u{fffd}0" || context == "\\u{5f}_proto__" };`,
  (id) =>
    `permit (principal == U::"${id}", action, resource) when { context.when has "${id}" || ip("10.0.0.1") == context.ip };`,
  (id) =>
    `// a comment that ends in a bare return\r permit (principal == U::"${id}", action, resource) when { "::" == "${id}" };`,
  (id) => `permit (principal == U::"${id}", action, resource`,
  (id) => `permit (principal == U::"${id}, action, resource);`,
  (id) => `permit (principal == U::"${id}", action, resource) when { context.nothing( };`,
]

const IDS = ['a', 'b', '', 'orders:read', 'x/y@z#1+~-.', 'a b', 'é', 'a\\"b', '//', '__proto__', '0', '\\u{fffd}0']

test('a policy that is filled into a form reads as if it had been parsed alone, faults and their places included', () => {
  for (const id of [...IDS, ...IDS.toReversed()])
    for (const textOf of TEXTS) assert.deepEqual(parsePolicy(textOf(id)), parseOfficially(textOf(id)), textOf(id))
})

test('any two policies that differ in ids and annotations read as if each had been parsed alone', () => {
  const character = fc.constantFrom('a', '1', ':', '"', '\\', '/', '\n', '\r', ' ', '@', '(', ')', '\ufffd', 'é', '*')
  const id = fc.string({ unit: character, maxLength: 8 })
  fc.assert(
    fc.property(fc.constantFrom(...TEXTS), fc.array(id, { minLength: 1, maxLength: 4 }), (textOf, ids) => {
      for (const one of ids) assert.deepEqual(parsePolicy(textOf(one)), parseOfficially(textOf(one)))
    }),
    { numRuns: 500 },
  )
})

test('what was parsed is shared, and nobody can change it', () => {
  const read = () => parsePolicy('permit (principal == User::"a", action, resource) when { context.x };')
  const first = read()
  assert.ok(first !== undefined && 'est' in first)
  assert.throws(() => {
    first.est.conditions.length = 0
  }, TypeError)
  assert.throws(
    () => Reflect.set(Object(first.est.conditions[0]?.body), 'x', 1) || assert.fail(),
    assert.AssertionError,
  )
  assert.deepEqual(read(), first)
})

test('a text is parsed once, and of texts without end no more than a bounded number is remembered', (t) => {
  const parses = callOfficial((cedar) => t.mock.method(cedar, 'policyToJson'))
  assert.ok(parses.ok)
  const parsesOf = (name: string, texts: number): number => {
    const before = parses.result.mock.callCount()
    for (let at = 0; at < texts; at++)
      assert.ok(parsePolicy(`permit (principal, action, resource) when { context.${name}${at} };`))
    return parses.result.mock.callCount() - before
  }
  assert.deepEqual([parsesOf('few', 20), parsesOf('few', 20)], [20, 0])
  const long = 'x'.repeat(4_000)
  assert.deepEqual([parsesOf(long, 600), parsesOf(long, 600) > 0], [600, true])
})
