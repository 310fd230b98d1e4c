import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../../kit/random.ts'
import { hashSecret, makeApiKey, makeClientSecret } from '../client-secret.ts'
import type { OAuthRequest, RememberedProof } from './oauth-request.ts'
import { digestOf, hasFormOf, readProof } from './read-proof.ts'

const random = systemRandom()
const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

const requestOf = (
  authorization: string | undefined,
  form: Readonly<Record<string, string>> = {},
  remembered?: RememberedProof,
): OAuthRequest => ({
  form: new Map(Object.entries(form)),
  authorization,
  source: { ip: null, region: null, userAgent: null },
  remembered,
  requestId: 'req_1',
  traceparent: null,
  failed: () => 0,
})

test('a header reads as it would alone, whatever came before it on its connection and whatever stands beside it', () => {
  const secrets = [
    makeClientSecret('test', random),
    makeClientSecret('test', random),
    makeApiKey('test', random),
    'no form',
  ]
  const headers = [
    ...secrets.map((secret) => basic('nhi_one', secret)),
    basic('nhi_two', 'x'),
    'Basic !',
    'Bearer x',
    undefined,
  ]
  const forms: readonly Readonly<Record<string, string>>[] = [
    { token: 'x' },
    { client_id: 'nhi_one' },
    { client_id: 'nhi_two' },
    { client_id: 'nhi_one', client_secret: secrets[0] ?? '' },
    { client_secret: 'x' },
    { client_assertion: 'x' },
    { client_assertion_type: 'x' },
    { grant_type: 'client_credentials' },
    { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: 'x' },
  ]
  const remembered: RememberedProof = {}
  for (const before of headers)
    for (const header of headers)
      for (const form of forms) {
        readProof(requestOf(before, { token: 'x' }, remembered))
        const found = readProof(requestOf(header, form, remembered))
        assert.deepEqual(
          found,
          readProof(requestOf(header, form)),
          `${header} behind ${before} with ${JSON.stringify(form)}`,
        )
        if (typeof found === 'string' || !('method' in found) || found.method !== 'secret') continue
        assert.equal(digestOf(found).toString('base64url'), hashSecret(found.secret))
        assert.equal(hasFormOf(found), found.secret.startsWith('reeve_'))
      }
})

test('one connection remembers one header, and another none of it', () => {
  const remembered: RememberedProof = {}
  const [one, other] = ['a', 'b'].map((id) => basic(id, makeClientSecret('test', random)))
  const first = readProof(requestOf(one, {}, remembered))
  assert.equal(readProof(requestOf(one, {}, remembered)), first, 'read once')
  readProof(requestOf(other, {}, remembered))
  assert.notEqual(readProof(requestOf(one, {}, {})), first)
  assert.equal(remembered.authorization, other)
})
