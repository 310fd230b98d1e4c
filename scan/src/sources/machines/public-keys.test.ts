import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { NOW, readSource } from '../../../test/read-source.ts'
import { sshLine } from '../../../test/ssh-keys.ts'
import { scannedFile } from '../../file.ts'
import { weakPublicKeys } from './public-keys.ts'
import { machinesSource } from './source.ts'

const { publicKey: weak } = generateKeyPairSync('rsa', { modulusLength: 1024 })
const { publicKey: fair } = generateKeyPairSync('rsa', { modulusLength: 1536 })
const { publicKey: good } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = (key: typeof weak) => String(key.export({ type: 'spki', format: 'pem' }))

// Made for this test, of 1024 bits; its private half was thrown away. It ends in July 2051.
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIICFDCCAX2gAwIBAgIUYpNoXGOzKamyMBnl1e6QhqNzS4MwDQYJKoZIhvcNAQEL
BQAwGzEZMBcGA1UEAwwQb2xkLmFjbWUuZXhhbXBsZTAgFw0yNjExMjgxMjM1MDha
GA8yMDUxMDcyMDEyMzUwOFowGzEZMBcGA1UEAwwQb2xkLmFjbWUuZXhhbXBsZTCB
nzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAvRSwLxETGlmHXzFbvKt/DRjv9otb
cbG7zudQzHpqMGp74rGEsFk8/WuxQI3UklyHawEcMLvHYFRIEa4IEvRblq7JY/Ua
jjgtXMrZNYXmvHCL73gAxZER1pKOMkSw4KiHBTg0di2LIGNYR6jJGzYoykx3xBoH
s5xQbHO5hTKVtLUCAwEAAaNTMFEwHQYDVR0OBBYEFDLmNkQkgVWsp9eDnGIQz6z/
hkM9MB8GA1UdIwQYMBaAFDLmNkQkgVWsp9eDnGIQz6z/hkM9MA8GA1UdEwEB/wQF
MAMBAf8wDQYJKoZIhvcNAQELBQADgYEAQW4yRNHXXRpYk1ys2KooNEZ/QAyt3NsW
9AJ0r5uWqV0Ai9R31COf8yySxoEzVpyOPyUYDDdRhj5Y0VUHRhZ2emchT35mI4ZI
Q4QXv1afyNAI3IJm3mvSHcmKN2vdbUo96zjvxJ0651YCJsvGmEwxouhaTs6Tyrln
qFeX+QYsZzM=
-----END CERTIFICATE-----
`

const FILES: readonly [string, string, string, string[]][] = [
  ['a short key of SSH', 'id_rsa.pub', sshLine(weak), ['credential/weak-key high']],
  ['a key of SSH that is good', 'id_rsa.pub', sshLine(good), []],
  ['a short public key', 'keys/signer.pem', pem(weak), ['credential/weak-key high']],
  ['a public key of 1536 bits', 'keys/signer.pem', pem(fair), ['credential/weak-key medium']],
  ['a public key that is good', 'keys/signer.pem', pem(good), []],
  ['a certificate of a short key', 'tls/old.crt', `Subject: old\n${CERTIFICATE}`, ['credential/weak-key high']],
  [
    'a set of keys, one of which is short',
    'jwks.json',
    JSON.stringify({ keys: [weak, good].map((key, at) => ({ kid: `k${at}`, ...key.export({ format: 'jwk' }) })) }),
    ['credential/weak-key high'],
  ],
]

for (const [name, path, content, rules] of FILES)
  test(`${name} gives ${rules.join() || 'no finding'}`, () => {
    const { isWanted, rulesFound, sightings } = readSource(machinesSource, content, path)
    assert.ok(isWanted)
    assert.deepEqual(rulesFound, rules)
    assert.equal(sightings.length, rules.length)
  })

test('a weak key that signs in is told by its bits, and is one identity with its file', () => {
  const login = readSource(machinesSource, sshLine(weak), 'home/app/.ssh/authorized_keys')
  assert.ok(login.rulesFound.includes('credential/weak-key high'))
  const file = readSource(machinesSource, sshLine(weak), 'id_rsa.pub')
  assert.equal(file.related[0]?.stableKey, login.related[0]?.stableKey)
  assert.equal(file.sightings[0]?.traits[0]?.detail, 'SSH key ci@acme: RSA of 1024 bits')
})

test('a weak key that a file repeats is seen once in it', () => {
  for (const [path, text] of [
    ['id_rsa.pub', `${sshLine(weak)}\n`.repeat(30)],
    ['jwks.json', JSON.stringify({ keys: Array(30).fill(weak.export({ format: 'jwk' })) })],
    ['keys.pem', pem(weak).repeat(30)],
  ] as const)
    assert.equal(readSource(machinesSource, text, path).sightings.length, 1, path)
})

test('a certificate that is over is no weak key any more, and a block that is cut is none', () => {
  const names = { path: 'tls/old.crt', repository: 'estate', repositoryPath: 'tls/old.crt' }
  const at = (text: string, now: Date) => weakPublicKeys(scannedFile(names, Buffer.from(text)), now)
  assert.equal(at(CERTIFICATE, NOW)[0]?.name, 'certificate CN=old.acme.example')
  assert.deepEqual(at(CERTIFICATE, new Date('2052-01-01T00:00:00Z')), [])
  assert.deepEqual(at(CERTIFICATE.replace('MIICFDCC', 'MIICFDC'), NOW), [])
  assert.deepEqual(at(CERTIFICATE.slice(0, 400), NOW), [])
})
