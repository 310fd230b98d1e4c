import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { isSecretText, secretText } from './secret-text.ts'

test('every secret has its prefix, 256 bits and a checksum that every changed character breaks', () => {
  const text = secretText('ps', randomBytes(32))
  assert.match(text, /^reeve_ps_[0-9A-Za-z]{49}$/)
  assert.ok(isSecretText('ps', text))
  assert.ok(!isSecretText('ec', text))
  const start = 'reeve_ps_'.length
  for (let at = start; at < text.length; at++) {
    const other = text[at] === 'a' ? 'b' : 'a'
    assert.ok(!isSecretText('ps', text.slice(0, at) + other + text.slice(at + 1)), `character ${at}`)
  }
  for (const wrong of ['', text.slice(0, -1), `${text}a`, `${text}\n`, text.toUpperCase(), ` ${text}`])
    assert.ok(!isSecretText('ps', wrong))
})

test('the smallest and the greatest secret have the same length', () => {
  for (const bits of [Buffer.alloc(32, 0), Buffer.alloc(32, 255)]) assert.ok(isSecretText('ec', secretText('ec', bits)))
})
