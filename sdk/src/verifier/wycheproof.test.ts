import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isJsonObject, type JsonObject } from '../strict-json.ts'
import type { TokenAlgorithm } from '../wire.ts'
import { isSignedBy } from './key-set.ts'

const folder = new URL('../../../../shared/data/wycheproof/', import.meta.url)

const suites: [
  file: string,
  alg: TokenAlgorithm,
  keyMember: string,
  algorithm: EcKeyImportParams | RsaHashedImportParams | { name: 'Ed25519' },
][] = [
  ['ecdsa_secp256r1_sha256_p1363_test.json', 'ES256', 'publicKeyDer', { name: 'ECDSA', namedCurve: 'P-256' }],
  ['ed25519_test.json', 'EdDSA', 'publicKeyDer', { name: 'Ed25519' }],
  ['rsa_signature_2048_sha256_test.json', 'RS256', 'publicKeyDer', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }],
  ['rsa_pss_2048_sha256_mgf1_32_test.json', 'PS256', 'publicKeyDer', { name: 'RSA-PSS', hash: 'SHA-256' }],
]

const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : [])
const bytes = (hex: unknown): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(String(hex), 'hex'))

for (const [file, alg, keyMember, algorithm] of suites) {
  test(`T1: no signature that Wycheproof calls invalid verifies, and every valid one does: ${alg}`, async (t) => {
    if (!existsSync(folder)) return t.skip('the vectors are not part of the repository')
    const suite: unknown = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
    assert.ok(isJsonObject(suite))
    let vectors = 0
    for (const group of objects(suite.testGroups)) {
      const key = await crypto.subtle.importKey('spki', bytes(group[keyMember]), algorithm, false, ['verify'])
      for (const { tcId, msg, sig, result } of objects(group.tests)) {
        const isSigned = await isSignedBy({ alg, key, print: '' }, bytes(sig), bytes(msg))
        if (result !== 'acceptable') assert.equal(isSigned, result === 'valid', `vector ${String(tcId)}`)
        vectors += 1
      }
    }
    assert.ok(vectors > 50)
  })
}
