import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../kit/random.ts'
import { hasSecretForm, makeClientSecret } from './client-secret.ts'

const random = systemRandom()

test('a secret has its prefix, 256 bits and a checksum, whatever the environment is called', () => {
  for (const environment of ['production', 'Prod EU_1', 'é', 'x'.repeat(100)]) {
    const secret = makeClientSecret(environment, random)
    assert.match(secret, /^reeve_cs_[a-z0-9-]{1,32}_[0-9A-Za-z]{49}$/)
    assert.ok(hasSecretForm(secret))
  }
  const all = { bytes: (count: number) => Buffer.alloc(count, 0xff), id: () => '' }
  assert.ok(hasSecretForm(makeClientSecret('production', all)), 'the largest value fits its place')
  assert.equal(new Set(Array.from({ length: 1000 }, () => makeClientSecret('x', random))).size, 1000)
})

test('T2: a secret that was cut or changed in any character has no longer the form', () => {
  const secret = makeClientSecret('production', random)
  for (let at = 0; at < secret.length; at++) {
    assert.equal(hasSecretForm(secret.slice(0, at)), false, `cut at ${at}`)
    for (const character of ['A', 'b', '0', '_', ' ']) {
      const changed = secret.slice(0, at) + character + secret.slice(at + 1)
      // An environment of another name with its old checksum is a change as well.
      assert.equal(hasSecretForm(changed), changed === secret, `changed at ${at}`)
    }
  }
})

test('T8: of 100,000 guesses in the right form, the checksum lets hardly any through to the database', () => {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  let passed = 0
  for (let at = 0; at < 100_000; at++) {
    const body = Array.from(random.bytes(49), (byte) => alphabet[byte % 62]).join('')
    if (hasSecretForm(`reeve_cs_production_${body}`)) passed++
  }
  assert.ok(passed <= 1, `${passed} passed`)
})
