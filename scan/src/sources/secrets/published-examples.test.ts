import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { scanDocuments } from '../../scan-documents.ts'
import { settingTraits } from '../settings.ts'
import { secretsSource } from './source.ts'

const GIVEN = { salt: 'a salt of some length', now: new Date('2026-09-01T00:00:00Z'), sources: [secretsSource] }
const told = (text: string, path = 'README.md'): string[] =>
  scanDocuments([{ path, text }], GIVEN).findings.map(({ rule, severity }) => `${rule} ${severity}`)

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  'RFC 6749': [
    '"access_token":"2YotnFZFEjr1zCsicMWpAA",',
    '"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA",',
    'client_secret=7Fjfp0ZBr1KtDRbnfVdmIw',
    'Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW',
    'Authorization: Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3',
  ],
  'RFC 6750': ['Authorization: Bearer mF_9.B5f-4.1JqM'],
  'RFC 7591': ['"client_secret": "cf136dc3c1fc93f31185e5885805d"'],
  'RFC 7636': ['code_verifier_secret: dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'],
  'RFC 8693': [
    'subject_token=accVkjcJyb4BWCxGsndESCJQbdFMogUC5PbRDqceLTC',
    'Authorization: Basic cnMwODpsb25nLXNlY3VyZS1yYW5kb20tc2VjcmV0',
  ],
  'RFC 9449': ['"access_token": "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"'],
  AWS: ['AKIAIOSFODNN7EXAMPLE', 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
  GitHub: ['token: ghp_16C7e42F292c6912E7710c838347Ae178B4a'],
  Stripe: ['stripe.api_key = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"', 'curl -u sk_test_BQokikJOvBiI2HlWgH4olfQ2:'],
}

for (const [source, lines] of Object.entries(EXAMPLES))
  test(`what ${source} prints for everybody is told as no secret, by no rule`, () => {
    for (const line of lines) for (const path of ['README.md', 'a.py']) assert.deepEqual(told(line, path), [], line)
  })

test('a published value is no secret of a setting either, and its neighbour by one letter is one', () => {
  const where = { repository: 'shop', path: '.env', inRepository: '.env', line: 1 }
  const tools = { seal: () => ({ fingerprint: '', tail: '', type: 'api-key', provider: '' }) as const, now: GIVEN.now }
  const traits = (value: string) => settingTraits({ name: 'ACCESS_TOKEN', value, where }, tools).length
  assert.equal(traits('2YotnFZFEjr1zCsicMWpAA'), 0)
  assert.equal(traits('2YotnFZFEjr1zCsicMWpAB'), 1)
  assert.equal(told('"access_token":"2YotnFZFEjr1zCsicMWpAB",').length, 1)
  assert.equal(told('sk_test_4eC39HqLyjWDarjtT1zdp7dd').length, 1)
})

const part = (claims: object) => Buffer.from(JSON.stringify(claims)).toString('base64url')
const signed = (payload: string, key: string) => {
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${payload}`
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`
}

test('a token out of a standard or a manual is told by no rule, whoever signed it', () => {
  for (const claims of [
    { iss: 'joe', exp: 1300819380, 'http://example.com/is_root': true },
    { sub: '1234567890', name: 'John Doe', iat: 1516239022 },
    { some: 'payload' },
    { iss: 'https://jwt-idp.example.com', sub: 'mailto:mike@example.com' },
    { iss: 'https://as.example.com', sub: 'bdc@example.net', aud: 'https://backend.example.com' },
  ])
    assert.deepEqual(told(signed(part(claims), 'secret')), [], JSON.stringify(claims))
})

test('a token that anybody can sign is told low, and one that nobody knows the key of as it is', () => {
  const live = part({ iss: 'https://id.acme.io', sub: 'deployer' })
  assert.deepEqual(told(signed(live, 'secret')), ['secrets/json-web-token low'])
  assert.deepEqual(told(signed(live, 'your-256-bit-secret')), ['secrets/json-web-token low'])
  assert.deepEqual(told(signed(live, 'q7Rt2xLp9Wz4Kd8Vn3')).sort(), [
    'secrets/json-web-token medium',
    'settings/token-without-audience low',
    'settings/token-without-end high',
  ])
})
