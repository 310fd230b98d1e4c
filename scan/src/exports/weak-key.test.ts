import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { opensshPrivate, sshLine } from '../../test/ssh-keys.ts'
import { jwkWeakness, pemWeakness, privateKeyWeakness, sshWeakness } from './weak-key.ts'

const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength })
const short = rsa(1024)
const between = rsa(1984)
const good = rsa(2048)
const modern = generateKeyPairSync('ed25519')
const bare = (pem: string | Buffer): string => String(pem).replace(/-----[^\n]*-----|\s|=/g, '')

test('an RSA key under 2048 bits is told with its bits, in every form of a public key; one of 2048 is not', () => {
  const says = ({ publicKey }: { publicKey: KeyObject }) => {
    const { n = '' } = publicKey.export({ format: 'jwk' })
    return [
      sshWeakness(sshLine(publicKey)),
      jwkWeakness('RSA', n),
      pemWeakness(String(publicKey.export({ type: 'spki', format: 'pem' }))),
      pemWeakness(String(publicKey.export({ type: 'pkcs1', format: 'pem' }))),
    ]
  }
  assert.deepEqual(says(short), Array(4).fill('RSA of 1024 bits'))
  assert.deepEqual(says(between), Array(4).fill('RSA of 1984 bits'))
  assert.deepEqual(says(good), Array(4).fill(undefined))
})

test('2047 bits, as older programs made them, are no weak key; a modulus that is an example, or was cut, is no key', () => {
  const modulus = (bytes: number, first: number, last: number) =>
    Buffer.concat([Buffer.from([first]), Buffer.alloc(bytes - 2, 7), Buffer.from([last])]).toString('base64url')
  assert.equal(jwkWeakness('RSA', modulus(256, 0x7f, 1)), undefined)
  assert.equal(jwkWeakness('RSA', modulus(128, 0x7f, 1)), 'RSA of 1023 bits')
  assert.equal(jwkWeakness('RSA', modulus(128, 0xff, 2)), undefined, 'no product of two primes is even')
  assert.equal(jwkWeakness('RSA', modulus(86, 0xd2, 1)), undefined, 'cut')
  assert.equal(jwkWeakness('RSA', 'your-modulus-here'), undefined)
})

test('a weak private key is told in each of its forms, and in that of OpenSSH behind a passphrase too', () => {
  const says = ({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }) => [
    privateKeyWeakness(bare(privateKey.export({ type: 'pkcs8', format: 'pem' }))),
    privateKeyWeakness(bare(privateKey.export({ type: 'pkcs1', format: 'pem' }))),
    privateKeyWeakness(opensshPrivate(publicKey, 'none')),
    privateKeyWeakness(opensshPrivate(publicKey, 'aes256-ctr')),
  ]
  assert.deepEqual(says(short), Array(4).fill('RSA of 1024 bits'))
  assert.deepEqual(says(good), Array(4).fill(undefined))
  assert.equal(
    privateKeyWeakness(bare(modern.privateKey.export({ type: 'pkcs8', format: 'pem' }))),
    undefined,
    'Ed25519 is no short key',
  )
})

test('a key of DSA is told whatever its length, and what is no key tells nothing and breaks nothing', () => {
  const dsa = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 })
  assert.equal(pemWeakness(String(dsa.publicKey.export({ type: 'spki', format: 'pem' }))), 'DSA of 1024 bits')
  assert.equal(privateKeyWeakness(bare(dsa.privateKey.export({ type: 'pkcs8', format: 'pem' }))), 'DSA of 1024 bits')
  const whole = Buffer.from(opensshPrivate(short.publicKey, 'none'), 'base64')
  for (let end = 0; end < whole.length - 200; end += 7)
    assert.doesNotThrow(() => privateKeyWeakness(whole.subarray(0, end).toString('base64')))
  assert.equal(jwkWeakness('RSA', ''), undefined)
  assert.equal(jwkWeakness('EC', 'AQAB'), undefined)
  assert.equal(pemWeakness('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'), undefined)
})
