import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { encodeVkey, InvalidVkey, isKeyName, parseVkey, verifierOf } from './vkey.ts'

const EXAMPLE = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'

test('C2SP signed-note "Example": the verifier key reads and writes back as printed there', () => {
  const verifier = parseVkey(EXAMPLE)
  assert.equal(verifier.name, 'example.com/foo')
  assert.equal(verifier.keyId, 0x530d903a)
  assert.equal(encodeVkey(verifier), EXAMPLE)
})

test('the verifier of a private key is that of its public half, and survives the way through text', () => {
  for (let i = 0; i < 50; i++) {
    const { privateKey } = generateKeyPairSync('ed25519')
    const verifier = verifierOf(`log.example/${i}`, privateKey)
    assert.ok(parseVkey(encodeVkey(verifier)).publicKey.equals(createPublicKey(privateKey)))
    assert.equal(verifier.publicKey.type, 'public')
  }
})

test('every verifier key with one character changed, added or left out is refused', () => {
  for (let i = 0; i < EXAMPLE.length; i++) {
    const [before, after] = [EXAMPLE.slice(0, i), EXAMPLE.slice(i + 1)]
    const other = EXAMPLE[i] === 'a' ? 'b' : 'a'
    for (const hostile of [before + other + after, before + after, `${before}${other}${EXAMPLE[i]}${after}`]) {
      assert.throws(() => parseVkey(hostile), InvalidVkey, hostile)
    }
  }
})

test('what is no verifier key is refused', () => {
  const ecdsa = 'example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
  const hostile = ['', '+', '++', 'a+b', ecdsa, EXAMPLE.toUpperCase(), ` ${EXAMPLE}`, `${EXAMPLE}\n`, `${EXAMPLE}=`]
  for (const vkey of [...hostile, EXAMPLE.replace('530d903a', '530D903A'), 'a'.repeat(2_000_000)]) {
    assert.throws(() => parseVkey(vkey), InvalidVkey)
  }
})

test('a key name has no white space, control, plus or lone surrogate', () => {
  for (const name of ['example.com/log', 'лог', 'a', 'a—b']) assert.ok(isKeyName(name))
  for (const name of ['', ' ', 'a b', 'a+b', 'a\nb', 'a\u2003b', 'a\u2028b', 'a\u0085b', 'a\u001bb', 'a\ud800']) {
    assert.ok(!isKeyName(name))
  }
})

test('only an ed25519 key makes a verifier', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  assert.throws(() => verifierOf('log.example', publicKey), InvalidVkey)
  assert.throws(() => verifierOf('log example', generateKeyPairSync('ed25519').publicKey), InvalidVkey)
})
