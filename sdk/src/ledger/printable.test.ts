import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../../test/any-text.ts'
import { printable } from './printable.ts'

test('the text still means the same', () => {
  fc.assert(
    fc.property(anyText(), (value) => {
      assert.equal(JSON.parse(printable(JSON.stringify(value))), value)
    }),
    { numRuns: 2_000 },
  )
})

test('no control, separator, invisible or turning character of the basic plane is left, and no tag character', () => {
  const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
  // Signs that stand before digits in Arabic, Syriac, Kaithi: format characters that are seen.
  const seen = new Set([0x0600, 0x0601, 0x0602, 0x0603, 0x0604, 0x0605, 0x06dd, 0x070f, 0x0890, 0x0891, 0x08e2])
  for (let unit = 0; unit <= 0xffff; unit++) {
    const text = String.fromCharCode(unit)
    if (text.isWellFormed() && !seen.has(unit)) assert.doesNotMatch(printable(JSON.stringify(text)), hidden, `${unit}`)
  }
  for (let point = 0xe0000; point <= 0xe007f; point++) {
    assert.match(printable(JSON.stringify(String.fromCodePoint(point))), /^"\\udb40\\udc[0-7][0-9a-f]"$/)
  }
})

test('text without such characters is returned as it is', () => {
  for (const text of ['"plain"', '"déjà vu, лог, 日本語, 😀, עברית"', '{"a":[1,"\\u001b[31m"]}']) {
    assert.equal(printable(text), text)
  }
})
