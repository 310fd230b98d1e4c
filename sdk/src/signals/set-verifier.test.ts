import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type TestContext, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createSetVerifier, SetError } from './set-verifier.ts'

const TYPE = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked'

const open = async (t: TestContext) => {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const stranger = await generateKeyPair('RS256')
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] })
  const server = createServer((_request, response) => response.setHeader('content-type', 'application/json').end(jwks))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  const claims = {
    iss: issuer,
    aud: 'nhi_api',
    jti: 'str_1.7s',
    iat: 1_700_000_000,
    txn: 'revocation-7',
    sub_id: { format: 'iss_sub', iss: issuer, sub: 'nhi_1' },
    events: { [TYPE]: { event_timestamp: 1_700_000_000 } },
  }
  const sign = (over: object = {}, header: object = {}, key = privateKey) =>
    new SignJWT(JSON.parse(JSON.stringify({ ...claims, ...over })))
      .setProtectedHeader({ alg: 'RS256', typ: 'secevent+jwt', kid: 'k1', ...header })
      .sign(key)
  return {
    issuer,
    claims,
    sign,
    stranger: stranger.privateKey,
    events: createSetVerifier({ issuer, audience: 'nhi_api' }),
  }
}

test('an event of the issuer for this receiver is read', async (t) => {
  const { events, sign, claims } = await open(t)
  assert.deepEqual(await events.verify(await sign()), {
    id: 'str_1.7s',
    type: TYPE,
    subject: claims.sub_id,
    event: claims.events[TYPE],
    at: new Date(1_700_000_000_000),
    cause: 'revocation-7',
  })
})

test('what is not, is refused with the code that RFC 8935 has for it', async (t) => {
  const { events, sign, stranger } = await open(t)
  const cases: [string, string][] = [
    [await sign({ iss: 'https://other.example' }), 'invalid_issuer'],
    [await sign({ aud: 'nhi_other' }), 'invalid_audience'],
    [await sign({}, {}, stranger), 'invalid_key'],
    [await sign({}, { kid: 'k2' }), 'invalid_key'],
    [await sign({}, { typ: 'at+jwt' }), 'invalid_request'],
    [await sign({}, { typ: 'JWT' }), 'invalid_request'],
    [await sign({ exp: 9_999_999_999 }), 'invalid_request'],
    [await sign({ exp: 1 }), 'invalid_request'],
    [await sign({ jti: undefined }), 'invalid_request'],
    [await sign({ sub_id: undefined }), 'invalid_request'],
    [await sign({ events: undefined }), 'invalid_request'],
    [await sign({ events: {} }), 'invalid_request'],
    [await sign({ events: { a: {}, b: {} } }), 'invalid_request'],
    [`${Buffer.from('{"alg":"none","typ":"secevent+jwt"}').toString('base64url')}.e30.`, 'invalid_request'],
    ['no token', 'invalid_request'],
  ]
  for (const [set, code] of cases)
    await assert.rejects(events.verify(set), (error) => {
      assert.ok(error instanceof SetError, String(error))
      assert.equal(error.code, code, set.slice(0, 60))
      return true
    })
})

test('an issuer whose keys cannot be had is no word on the event', async (t) => {
  const { sign } = await open(t)
  const away = createSetVerifier({ issuer: 'http://127.0.0.1:1', audience: 'nhi_api' })
  await assert.rejects(away.verify(await sign()), (error) => !(error instanceof SetError))
})
