import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GROWTH_MAX, growth } from '../../../test/growth.ts'
import { SHAPES } from '../../test/hostile/canaries.ts'
import { looksSecret, withoutSecrets } from './secret-shape.ts'

const CORE = 'Zq7Ab3dEf6hIj9kLmNoP2r5t'

for (const [shape, write] of Object.entries(SHAPES))
  test(`${shape} is known wherever it stands, and cut out`, () => {
    for (const text of [write(CORE), `copies with ${write(CORE)} at night`, `x=${write(CORE)}`, `"${write(CORE)}"`]) {
      assert.ok(looksSecret(text), text)
      assert.ok(!withoutSecrets(text).includes(CORE), withoutSecrets(text))
    }
  })

test('a password that only begins like a placeholder is a password', () => {
  for (const start of ['xxx', 'XXX', 'redacted', 'REDACTED'])
    for (const text of [`postgres://app:${start}${CORE}@db.internal/orders`, `password=${start}${CORE}`]) {
      assert.ok(looksSecret(text), text)
      assert.ok(!withoutSecrets(text).includes(CORE), text)
    }
})

// What people write in names, purposes, reasons, policies and evidence, and what this server itself shows.
const HARMLESS = [
  'copies orders to the warehouse at night',
  'rotate the password: it leaked on Monday',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as people write it
  'password=${DB_PASSWORD}',
  'password=[redacted]',
  'postgres://app:***@db.internal/orders',
  'postgres://app:xxxxx@db.internal/orders',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as people write it
  'postgres://app:${PASSWORD}@db.internal/orders',
  'postgres://db.internal:5432/orders',
  'https://orders.example.com/api?team=a@b',
  'sk-payments-reconciliation-and-settlement',
  'npm_config_registry',
  'nhi_MCHXWFbHGk6EKPf3uTQn2w',
  'crd_MIDsqmjgyfMa-EAvtAIzSQ',
  'reeve_ps_',
  'T1PNoYwrqgwDVLtfmj7L5e.CBX5a6IS',
  '3iu6oxM2hj4apIF4YqFShBbNjOp3p4qLC6Ye9NXAhqk',
  'permit(principal, action == Action::"orders.read", resource) when { context.sourceIp == "10.0.0.1" };',
  '-----BEGIN CERTIFICATE-----',
  '-----BEGIN PUBLIC KEY-----',
  '{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x"}',
  'arn:aws:iam::123456789012:role/deploy',
  'AKIAIOSFODNN7EXAMPLE',
]
for (const text of HARMLESS)
  test(`${text} is no secret`, () => {
    assert.ok(!looksSecret(text))
    assert.equal(withoutSecrets(text), text)
  })

test('half a mebibyte of what only begins like secrets is looked through in linear time', () => {
  const seeds = [
    'eyJ',
    '-eyJaaaaaaaaaa',
    '://a:',
    '"d":"',
    'password=',
    '-----BEGIN ',
    '-----BEGIN PRIVATE KEY',
    'sk-',
    '-xoxb-',
  ]
  for (const seed of seeds) {
    const grown = growth((length) => {
      const text = seed.repeat(Math.ceil(length / seed.length))
      return () => withoutSecrets(text)
    }, 131_072)
    assert.ok(grown < GROWTH_MAX, `${seed}: ${grown}`)
  }
})
