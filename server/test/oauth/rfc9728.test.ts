import assert from 'node:assert/strict'
import { test as plainTest } from 'node:test'
import Fastify from 'fastify'
import * as oauth from 'oauth4webapi'
import { mountMetadata } from '../../src/edge/http/metadata.ts'
import { challengeOf } from '../../src/edge/http/problem.ts'
import { onEveryServer } from '../process.ts'

const insecure = { [oauth.allowInsecureRequests]: true }

onEveryServer('RFC 9728 §5: whoever calls without a token is led to the server that gives one', async ({ server }) => {
  const call = oauth.protectedResourceRequest(
    'none',
    'GET',
    new URL(`${server.url}/v1/inventory.identity.list`),
    undefined,
    undefined,
    insecure,
  )
  const refused = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(refused instanceof oauth.WWWAuthenticateChallengeError)
  const [bearer, dpop] = refused.cause
  const at = `${server.url}/.well-known/oauth-protected-resource`
  assert.deepEqual(
    [bearer?.scheme, bearer?.parameters.resource_metadata, dpop?.scheme, dpop?.parameters.resource_metadata],
    ['bearer', at, 'dpop', at],
  )
  const resource = new URL(server.url)
  const found = await oauth.processResourceDiscoveryResponse(
    resource,
    await oauth.resourceDiscoveryRequest(resource, insecure),
  )
  assert.deepEqual(found.authorization_servers, [server.url])
  assert.deepEqual(found.bearer_methods_supported, ['header'])
  const issuer = new URL(found.authorization_servers?.[0] ?? '')
  const answer = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
  assert.equal((await oauth.processDiscoveryResponse(issuer, answer)).token_endpoint, `${server.url}/oauth/token`)
})

onEveryServer('RFC 9728 §5.1: AuthZEN refuses with the same challenge', async ({ server }) => {
  const response = await fetch(`${server.url}/access/v1/evaluation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer x' },
    body: '{}',
  })
  assert.equal(response.headers.get('www-authenticate'), challengeOf(server.url))
})

plainTest('RFC 9728 §3.1: an issuer with a path has its document at the inserted place, and no other has', async () => {
  const http = Fastify()
  const issuer = () => 'https://example.com/reeve'
  mountMetadata(http, { issuer, jwks: () => '{}', jwksVersion: () => '', detailTypes: () => [], jwksSecondsMax: 300 })
  http.setErrorHandler((_error, _request, reply) => reply.code(404).send())
  const at = '/.well-known/oauth-protected-resource/reeve'
  assert.equal((await http.inject(at)).json().resource, issuer())
  assert.equal((await http.inject('/.well-known/oauth-protected-resource/other')).statusCode, 404)
  assert.ok(challengeOf(issuer()).includes(`resource_metadata="https://example.com${at}"`))
})
