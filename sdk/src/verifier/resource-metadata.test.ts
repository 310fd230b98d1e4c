import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startIssuer } from '../../test/start.ts'
import { VerifyError } from '../verify-error.ts'
import { resourceMetadata } from './resource-metadata.ts'

test('RFC 9728 §3.1: the document stands before the path of the resource', () => {
  const at = (resource: string) => resourceMetadata('https://reeve.test', resource).url
  const name = '/.well-known/oauth-protected-resource'
  assert.equal(at('https://orders.test'), `https://orders.test${name}`)
  assert.equal(at('https://orders.test/'), `https://orders.test${name}`)
  assert.equal(at('https://orders.test/v1'), `https://orders.test${name}/v1`)
  assert.equal(at('https://orders.test:8443/v1/'), `https://orders.test:8443${name}/v1/`)
  for (const wrong of ['orders', 'urn:orders', 'https://orders.test/?a=1', 'https://orders.test/#a'])
    assert.throws(() => at(wrong), TypeError, wrong)
})

test('RFC 9728 §2: the document says what was said, and how tokens are taken', () => {
  const { body, headers } = resourceMetadata('https://reeve.test', 'https://orders.test/', {
    scopes: ['orders.read'],
    name: 'Orders',
    documentation: 'https://orders.test/docs',
  })
  assert.equal(headers['content-type'], 'application/json')
  assert.deepEqual(JSON.parse(body), {
    resource: 'https://orders.test/',
    authorization_servers: ['https://reeve.test'],
    scopes_supported: ['orders.read'],
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'],
    resource_name: 'Orders',
    resource_documentation: 'https://orders.test/docs',
  })
})

test('RFC 9728 §5.1: who is refused for a token is told where to learn how to get one, and nobody else', async (t) => {
  const { issuer, verifier } = await startIssuer(t)
  const it = await verifier({ metadata: {} })
  const at = 'resource_metadata="https://orders.test/.well-known/oauth-protected-resource"'
  const told = async (presented: string | undefined, action?: string) =>
    it.verify(presented, action === undefined ? {} : { action }).then(
      () => '',
      (error: unknown) => (error instanceof VerifyError ? error.wwwAuthenticate : ''),
    )
  const algs = 'algs="ES256 EdDSA Ed25519 RS256 PS256"'
  assert.equal(await told(undefined), `Bearer ${at}, DPoP ${algs}, ${at}`)
  assert.equal(await told('Basic YTpi'), `Bearer ${at}, DPoP ${algs}, ${at}`)
  assert.match(
    await told(`Bearer ${await issuer.issue({ claims: { aud: 'x' } })}`),
    new RegExp(`^Bearer error="invalid_token".*, ${at}$`),
  )
  assert.match(await told(`DPoP ${await issuer.issue()}`), new RegExp(`^DPoP error=.*, ${at}, algs=`))
  assert.match(await told(await issuer.issue(), 'orders.delete'), new RegExp(`scope="orders.delete", ${at}$`))
  await it.close()
  assert.equal(await told(await issuer.issue()), 'Bearer')
})

test('a verifier without a document tells of none', async (t) => {
  const { verifier } = await startIssuer(t)
  const it = await verifier()
  assert.equal(it.metadata, undefined)
  await assert.rejects(
    it.verify(undefined),
    (error: VerifyError) => !error.wwwAuthenticate.includes('resource_metadata'),
  )
})
