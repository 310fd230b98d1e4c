import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { proveKeys } from './prove-keys.ts'
import { bindKey } from './signature.ts'

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

test('A8: a server whose signatures its verifiers would refuse does not start', async () => {
  const [own, other] = [pair(), pair()]
  const ringWith = (shown: typeof own.publicKey | undefined) => ({
    active: async () => ({ id: 'key_1', prefix: '', bound: bindKey('ES256', own.privateKey) }),
    published: () => (shown === undefined ? undefined : bindKey('ES256', shown)),
    jwks: () => '',
    version: () => '',
    load: async () => undefined,
  })
  await proveKeys(ringWith(own.publicKey))
  await assert.rejects(proveKeys(ringWith(other.publicKey)), /key_1 signs does not verify/)
  await assert.rejects(proveKeys(ringWith(undefined)), /key_1 signs does not verify/)
})
