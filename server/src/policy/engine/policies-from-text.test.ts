import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { GROWTH_MAX, growth } from '../../../../test/growth.ts'
import { policiesFromText } from './index.ts'

test('a file is cut into its policies, each with the line where it starts and its own id or one from its place', () => {
  const file =
    '\n// who may read; "really"\n@id("a.1")\npermit (principal, action, resource);\n\n@reason("x; y") @id("b") forbid (principal, action, resource)\nwhen { "//;" == "\\";" };permit (principal, action, resource);\n// the end\n'
  const cut = policiesFromText(file, 'x.cedar')
  assert.deepEqual(
    cut.map(({ id, origin }) => [id, origin.line]),
    [
      ['a.1', 2],
      ['b', 6],
      ['x.cedar#3', 7],
    ],
  )
  for (const { text } of cut) assert.equal(cedar.policyToJson(text).type, 'success', text)
})

test('what follows the last policy and says something is kept, so that it is refused and not lost', () => {
  assert.deepEqual(
    policiesFromText('permit (principal, action, resource); forbid', 'x').map((one) => one.text),
    ['permit (principal, action, resource);', 'forbid'],
  )
  assert.deepEqual(policiesFromText(' \n// nothing\n', 'x'), [])
})

test('a file is cut exactly where the official parser ends its policies', () => {
  const words = fc.constantFrom('"a;b"', '"//"', '"\\""', '"\\\\"', '"{"')
  const gap = fc.constantFrom(' ', '\n', ' // note; "quote\n', '\t// ;\n')
  const policy = fc
    .tuple(fc.constantFrom('permit', 'forbid'), words, words, gap)
    .map(
      ([effect, one, other, between]) =>
        `${effect} (principal, action, resource)${between}when { ${one} == ${other} };${between}`,
    )
  fc.assert(
    fc.property(fc.array(policy, { maxLength: 5 }), (policies) => {
      const file = policies.join('')
      const official = cedar.policySetTextToParts(file)
      assert.ok(official.type === 'success')
      const ours = policiesFromText(file, 'x').map((one) => JSON.stringify(cedar.policyToJson(one.text)))
      assert.deepEqual(
        ours.toSorted(),
        official.policies.map((text) => JSON.stringify(cedar.policyToJson(text))).toSorted(),
      )
    }),
    { numRuns: 500, seed: 4 },
  )
})

test('a hostile file is cut in time that grows with its length only', () => {
  const files: readonly ((length: number) => string)[] = [
    (length) => '"\\"'.repeat(length),
    (length) => `"${'\\"'.repeat(length)}`,
    (length) => '@id'.repeat(length),
    (length) => '@a '.repeat(length),
    (length) => `${'//x\n'.repeat(length)}@`,
    (length) => ' '.repeat(length),
    (length) => '@a("'.repeat(length),
  ]
  for (const file of files) {
    const grown = growth((length) => {
      const text = file(length)
      return () => policiesFromText(text, 'x')
    }, 20_000)
    assert.ok(grown < GROWTH_MAX, `${file(2)}: ${grown}`)
  }
})

test('a policy behind a comment that a carriage return ends is one of the file', () => {
  const text = 'permit (principal, action, resource); // note\rforbid (principal, action, resource);\r'
  const [first, second, ...others] = policiesFromText(text, 'a.cedar').map((one) => one.text)
  assert.match(first ?? '', /^permit/)
  assert.match(second ?? '', /forbid \(principal, action, resource\);$/)
  assert.deepEqual(others, [])
})
