import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { mtlsFetch } from '@reeve/sdk'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { makeCertificate } from '../../../test/certificates.ts'
import { ORDERS } from '../broker.ts'
import { type MtlsBroker, onEveryMtlsBroker, register } from '../mtls.ts'

/** With one address for all, and with one apart for those who show certificates, which RFC 8705 §5 has clients find. */
const onBoth = (name: string, body: (test: MtlsBroker, t: TestContext) => Promise<void>): void => {
  onEveryMtlsBroker(name, body)
  onEveryMtlsBroker(
    `${name}, at an address apart`,
    async (test, t) => {
      assert.notEqual(test.mtlsUrl, undefined)
      await body(test, t)
    },
    { asksApart: true },
  )
}

// The server is in this process: it has to answer while the program runs.
const run = (program: string, words: readonly string[]): Promise<{ status: unknown; output: string }> =>
  new Promise((resolve) =>
    execFile(program, words, (error, stdout, stderr) => resolve({ status: error?.code ?? 0, output: stdout + stderr })),
  )

onBoth('curl --cert: a token by a self-signed certificate, and by one of the CA', async (test, t) => {
  if ((await run('curl', ['--version'])).status !== 0) return t.skip('no curl here')
  const { files, clientCa, serverCa } = test
  const own = await makeCertificate()
  await register(test, { kind: 'self-signed-tls', certificate: own.cert })
  await register(test, { kind: 'tls-client-auth', certificateName: { type: 'dn', value: 'CN=issued' } }, 'nhi_issued')
  const folder = dirname(files.cert)
  writeFileSync(join(folder, 'server-ca.crt'), serverCa.cert)
  for (const [id, by] of [
    ['nhi_sync', own],
    ['nhi_issued', await clientCa.issue({ subject: 'CN=issued' })],
  ] as const) {
    writeFileSync(join(folder, 'own.crt'), by.cert)
    writeFileSync(join(folder, 'own.key'), by.key)
    const form = ['grant_type=client_credentials', `client_id=${id}`, `resource=${ORDERS}`]
    const told = await run('curl', [
      ...['-sS', '--cacert', join(folder, 'server-ca.crt')],
      ...['--cert', join(folder, 'own.crt'), '--key', join(folder, 'own.key')],
      ...form.flatMap((part) => ['--data-urlencode', part]),
      `${test.mtlsUrl ?? test.url}/oauth/token`,
    ])
    assert.equal(told.status, 0, told.output)
    assert.deepEqual(decodeJwt(JSON.parse(told.output).access_token).cnf, { 'x5t#S256': by.thumbprint })
  }
})

onBoth('openid-client: TlsClientAuth finds the endpoint, and gets and introspects a bound token', async (test) => {
  const own = await makeCertificate()
  await register(test, { kind: 'self-signed-tls', certificate: own.cert })
  const fetch: client.CustomFetch = (url, { method, headers, body, signal }) =>
    mtlsFetch({ cert: own.cert, key: own.key, ca: test.serverCa.cert })(url, {
      ...{ method, headers, body: body instanceof URLSearchParams ? body : null },
      ...(signal === undefined ? {} : { signal }),
    })
  const config = await client.discovery(
    new URL(test.url),
    'nhi_sync',
    { use_mtls_endpoint_aliases: true },
    client.TlsClientAuth(),
    { algorithm: 'oauth2', [client.customFetch]: fetch },
  )
  const tokens = await client.clientCredentialsGrant(config, { resource: ORDERS, scope: 'orders.read' })
  assert.equal(tokens.token_type, 'bearer')
  assert.deepEqual(decodeJwt(tokens.access_token).cnf, { 'x5t#S256': own.thumbprint })
  const active = await client.tokenIntrospection(config, tokens.access_token)
  assert.deepEqual([active.active, active.cnf], [true, { 'x5t#S256': own.thumbprint }])
  await client.tokenRevocation(config, tokens.access_token)
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false)
})

onBoth('oauth4webapi: TlsClientAuth', async (test) => {
  const { clientCa } = test
  const uri = 'spiffe://acme.example/orders-sync'
  await register(test, { kind: 'tls-client-auth', certificateName: { type: 'uri', value: uri } })
  const own = await clientCa.issue({ names: [{ type: 'url', value: uri }] })
  const byMtls = mtlsFetch({ cert: own.cert, key: own.key, ca: test.serverCa.cert })
  const options = {
    [oauth.customFetch]: (url: string, init: oauth.CustomFetchOptions<string, URLSearchParams | undefined>) =>
      byMtls(url, { method: init.method, headers: init.headers, body: init.body ?? null }),
  }
  const discovered = await byMtls(`${test.url}/.well-known/oauth-authorization-server`, {})
  const server = await oauth.processDiscoveryResponse(new URL(test.url), discovered)
  const who: oauth.Client = { client_id: 'nhi_sync', use_mtls_endpoint_aliases: true }
  const form = new URLSearchParams({ resource: ORDERS })
  const response = await oauth.clientCredentialsGrantRequest(server, who, oauth.TlsClientAuth(), form, options)
  const tokens = await oauth.processClientCredentialsResponse(server, who, response)
  assert.deepEqual(decodeJwt(tokens.access_token).cnf, { 'x5t#S256': own.thumbprint })
})
