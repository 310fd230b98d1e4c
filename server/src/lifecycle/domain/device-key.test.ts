import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { calculateJwkThumbprint } from 'jose'
import { algorithmOf, openDeviceKey, thumbprintOf } from './device-key.ts'

const ec = {
  kty: 'EC',
  crv: 'P-256',
  ...coordinates(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey),
} as const
const ed = { kty: 'OKP', crv: 'Ed25519', x: coordinates(generateKeyPairSync('ed25519').publicKey).x } as const

function coordinates(key: KeyObject): { x: string; y: string } {
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  return { x, y }
}

test('thumbprints are those of RFC 7638, as another implementation makes them', async () => {
  for (const key of [ec, ed]) assert.equal(thumbprintOf(key), await calculateJwkThumbprint({ ...key }))
})

test('the algorithm is the one of the key', () => {
  assert.deepEqual([algorithmOf(ec), algorithmOf(ed)], ['ES256', 'EdDSA'])
})

test('numbers that are no point of the curve are no key', () => {
  assert.ok(openDeviceKey(ec) && openDeviceKey(ed))
  assert.equal(openDeviceKey({ ...ec, y: ec.x }), undefined)
})
