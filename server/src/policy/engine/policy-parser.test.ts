import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePolicy, policyParser } from './policy-parser.ts'

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
  const parse = policyParser()
  for (const id of [...IDS, ...IDS.toReversed()])
    for (const textOf of TEXTS) assert.deepEqual(parse(textOf(id)), parsePolicy(textOf(id)), textOf(id))
})

test('any two policies that differ in ids and annotations read as if each had been parsed alone', () => {
  const character = fc.constantFrom('a', '1', ':', '"', '\\', '/', '\n', '\r', ' ', '@', '(', ')', '\ufffd', 'é', '*')
  const id = fc.string({ unit: character, maxLength: 8 })
  fc.assert(
    fc.property(fc.constantFrom(...TEXTS), fc.array(id, { minLength: 1, maxLength: 4 }), (textOf, ids) => {
      const parse = policyParser()
      for (const one of ids) assert.deepEqual(parse(textOf(one)), parsePolicy(textOf(one)))
    }),
    { numRuns: 500 },
  )
})

test('what was parsed of one policy is nobody else’s: to change it changes no other', () => {
  const parse = policyParser()
  const read = () => parse('permit (principal == User::"a", action, resource) when { context.x };')
  const first = read()
  if (first !== undefined && 'est' in first) first.est.conditions.length = 0
  assert.notDeepEqual(read(), first)
})
