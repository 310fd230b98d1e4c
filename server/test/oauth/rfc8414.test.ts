import assert from 'node:assert/strict'
import { test as plainTest } from 'node:test'
import Fastify from 'fastify'
import { mountMetadata } from '../../src/edge/http/metadata.ts'
import { onEveryBroker } from '../broker.ts'

onEveryBroker('RFC 8414 §3: the metadata names the issuer and every endpoint that is there', async (test) => {
  for (const name of ['oauth-authorization-server', 'openid-configuration']) {
    const response = await fetch(`${test.url}/.well-known/${name}`)
    assert.equal(response.status, 200)
    const metadata = await response.json()
    assert.equal(metadata.issuer, test.url)
    assert.equal(metadata.token_endpoint, `${test.url}/oauth/token`)
    assert.equal(metadata.reeve_revocation_feed, `${test.url}/revocations`)
    for (const endpoint of ['token', 'introspection', 'revocation']) {
      const url: string = metadata[`${endpoint}_endpoint`]
      assert.equal((await fetch(url, { method: 'POST', body: new URLSearchParams({ x: '1' }) })).status, 401, url)
    }
    assert.equal((await fetch(metadata.jwks_uri)).status, 200)
  }
})

onEveryBroker('RFC 7517 §5: the key set is cacheable, never empty, and holds public members only', async (test) => {
  const response = await fetch(`${test.url}/.well-known/jwks.json`)
  assert.match(response.headers.get('cache-control') ?? '', /^public, max-age=\d+$/)
  const { keys } = await response.json()
  assert.equal(keys.length, 1)
  assert.deepEqual(Object.keys(keys[0]).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
})

plainTest('RFC 8414 §3.1: an issuer with a path has its metadata at the inserted place, and no other has', async () => {
  const http = Fastify()
  const issuer = () => 'https://example.com/reeve'
  mountMetadata(http, { issuer, jwks: () => '{}', jwksVersion: () => '', detailTypes: () => [], jwksSecondsMax: 300 })
  http.setErrorHandler((_error, _request, reply) => reply.code(404).send())
  for (const name of ['oauth-authorization-server', 'openid-configuration']) {
    const found = await http.inject(`/.well-known/${name}/reeve`)
    assert.equal(found.json().issuer, issuer())
    assert.equal((await http.inject(`/.well-known/${name}/other`)).statusCode, 404)
  }
})
