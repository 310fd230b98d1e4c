import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { readSource } from '../../../../test/read-source.ts'
import { opensshPrivate, sshLine } from '../../../../test/ssh-keys.ts'
import { secretsSource } from '../source.ts'

const short = generateKeyPairSync('rsa', { modulusLength: 1024 })
const good = generateKeyPairSync('rsa', { modulusLength: 2048 })

const openssh = ({ publicKey }: typeof short) =>
  ['OPENSSH PRIVATE KEY', opensshPrivate(publicKey, 'aes256-ctr')] as const
const frame = ([label, body]: readonly [string, string]) =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`
const putty = ({ publicKey }: typeof short) => {
  const body = sshLine(publicKey).split(' ')[1] ?? ''
  const lines = body.match(/.{1,64}/g) ?? []
  const secret = Buffer.alloc(300, 'a body that is locked by a passphrase, Zq8x').toString('base64')
  const head = ['PuTTY-User-Key-File-3: ssh-rsa', 'Encryption: aes256-cbc', `Public-Lines: ${lines.length}`]
  return [...head, ...lines, 'Private-Lines: 1', secret, 'Private-MAC: 0'].join('\r\n')
}
const pkcs8 = ({ privateKey }: typeof short) => String(privateKey.export({ type: 'pkcs8', format: 'pem' }))

test('a private key of 1024 bits in a file is told as leaked and as weak, one of 2048 as leaked alone', () => {
  const rules = (text: string) => readSource(secretsSource, text, 'keys/id_rsa').rulesFound
  const weak = 'credential/weak-key high'
  for (const form of [pkcs8, (pair: typeof short) => frame(openssh(pair))]) {
    assert.deepEqual(rules(form(short)), [weak, 'secrets/private-key critical'])
    assert.deepEqual(rules(form(good)), ['secrets/private-key critical'])
  }
  assert.deepEqual(rules(putty(short)), [weak, 'secrets/putty-key critical'])
  assert.deepEqual(rules(putty(good)), ['secrets/putty-key critical'])
})

test('a key of DSA behind a passphrase is told as weak by its label, one of RSA is not', () => {
  const locked = (label: string) => {
    const body = Buffer.from(Array.from({ length: 200 }, (_, at) => (at * 89 + 31) % 256)).toString('base64')
    return frame([label, `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n${body}`])
  }
  const rules = (label: string) => readSource(secretsSource, locked(label), 'keys/id_dsa').rulesFound
  assert.deepEqual(rules('DSA PRIVATE KEY'), ['credential/weak-key medium', 'secrets/private-key high'])
  assert.deepEqual(rules('RSA PRIVATE KEY'), ['secrets/private-key high'])
})

test('the same weak key, broken into lines or escaped, is one', () => {
  const { related } = readSource(secretsSource, `${pkcs8(short)}\n${JSON.stringify({ key: pkcs8(short) })}`, 'a.json')
  assert.equal(related.length, 1)
})
