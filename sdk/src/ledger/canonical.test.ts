import assert from 'node:assert/strict'
import { test } from 'node:test'
import oracle from 'canonicalize'
import fc from 'fast-check'
import { canonicalize, NotCanonical } from './canonical.ts'

const fromBits = (hex: string): number => Buffer.from(hex, 'hex').readDoubleBE(0)

test('every JSON value has the text that an independent implementation of RFC 8785 gives it', () => {
  const json = fc.jsonValue({ maxDepth: 6, noUnicodeString: false, stringUnit: 'binary' })
  fc.assert(
    fc.property(json, (value) => {
      assert.equal(canonicalize(value), oracle(value))
    }),
    { numRuns: 5_000 },
  )
})

test('the text parses back to the same value and is its own canonical text', () => {
  // Without escapes: V8 misreads some names that have one (nodejs/node#63785); the oracle above judges those.
  const plain = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('\\'))
  fc.assert(
    fc.property(plain, (value) => {
      const text = canonicalize(value)
      assert.equal(canonicalize(JSON.parse(text)), text)
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
    }),
    { numRuns: 2_000 },
  )
})

test('any two doubles that differ have different texts', () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
  fc.assert(
    fc.property(finite, (value) => {
      assert.equal(Number(canonicalize(value)), value === 0 ? 0 : value)
    }),
    { numRuns: 5_000 },
  )
})

test('RFC 8785 §3.2.2: the sample object is written as printed there', () => {
  const sample = {
    numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000f\nA\'B"\\\\"/',
    literals: [null, true, false],
  }
  const expected =
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
    '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
  assert.equal(canonicalize(sample), expected)
})

test('RFC 8785 §3.2.3: members are sorted by UTF-16 code units, not by code points', () => {
  const sample = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  }
  const names = Object.keys(JSON.parse(canonicalize(sample)))
  assert.deepEqual(names, ['1', '\r', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'])
  assert.equal(canonicalize({ b: 1, '10': 2, '9': 3, a: 4 }), '{"10":2,"9":3,"a":4,"b":1}')
})

test('RFC 8785 appendix B: numbers are written as ECMAScript writes them', () => {
  const samples: [string, string][] = [
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ]
  for (const [bits, text] of samples) assert.equal(canonicalize(fromBits(bits)), text)
})

test('an own member called __proto__ is a member like any other', () => {
  assert.equal(canonicalize(JSON.parse('{"z":1,"__proto__":{"a":2}}')), '{"__proto__":{"a":2},"z":1}')
})

test('what has no canonical text is refused by name and place', () => {
  const cyclic: unknown[] = []
  cyclic.push({ again: cyclic })
  let deep: unknown = 1
  for (let i = 0; i < 10_000; i++) deep = [deep]
  const sparse: unknown[] = []
  sparse[1] = 1
  const hostile: [unknown, RegExp][] = [
    [undefined, /^undefined is not JSON$/],
    [{ a: [1, undefined] }, /^undefined is not JSON \(at 1\)$/],
    [{ a: { gone: undefined } }, /^undefined is not JSON \(at "gone"\)$/],
    [sparse, /^undefined is not JSON \(at 0\)$/],
    [{ n: Number.NaN }, /^NaN is not JSON \(at "n"\)$/],
    [[Number.POSITIVE_INFINITY], /^Infinity is not JSON \(at 0\)$/],
    [Number.NEGATIVE_INFINITY, /^-Infinity is not JSON$/],
    [{ n: 1n }, /^bigint is not JSON \(at "n"\)$/],
    [{ f: () => 1 }, /^function is not JSON \(at "f"\)$/],
    [Symbol('s'), /^symbol is not JSON$/],
    [{ s: 'a\ud800' }, /^a lone surrogate is not text \(at "s"\)$/],
    [{ '\udc00': 1 }, /^a lone surrogate is not text \(at "\\udc00"\)$/],
    [{ at: new Date(0) }, /^an object that is not plain is not JSON \(at "at"\)$/],
    [new Map(), /not plain/],
    [Object('boxed'), /not plain/],
    [Buffer.from('a'), /not plain/],
    [cyclic, /^nested deeper than 64 levels, or cyclic/],
    [deep, /^nested deeper than 64 levels, or cyclic/],
  ]
  for (const [value, message] of hostile) {
    assert.throws(
      () => canonicalize(value),
      (error) => error instanceof NotCanonical && message.test(error.message),
    )
  }
})

test('64 levels are written, 65 are not', () => {
  let value: unknown = 1
  for (let i = 0; i < 64; i++) value = [value]
  assert.equal(canonicalize(value), `${'['.repeat(64)}1${']'.repeat(64)}`)
  assert.throws(() => canonicalize([value]), NotCanonical)
})
