import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { decodeJwt } from 'jose'
import { ORDERS, post, type TestBroker } from '../broker.ts'
import { type ForeignIssuer, githubJob } from '../fakes/foreign-issuer.ts'
import { onEveryIssuer } from '../issuers.ts'

const ROLE = 'arn:aws:iam::123456789012:role/orders'
const PINS = { repository_id: '74', repository_owner_id: '65', environment: 'production' }

const addTrust = async (test: TestBroker, issuer: ForeignIssuer, over: Record<string, unknown>) => {
  await test.call('broker.trust.add', { identity: 'nhi_sync', issuer: issuer.url, audience: test.url, ...over })
  // In a process the change feed runs by itself.
  await test.room.changes.catchUp()
}

const grant = (test: TestBroker, assertion: string) =>
  post(test, '/oauth/token', {
    ...{ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion, resource: ORDERS },
  })

/** Has the issuer show these keys. */
const show = (issuer: ForeignIssuer, keys: readonly object[]): void =>
  issuer.answer((request, response) => {
    const document = request.url === '/keys' ? { keys } : { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
  })

/** A token of AWS's outbound identity federation, as it documents it (GetWebIdentityToken). */
const awsToken = (aud: string, over: Record<string, unknown> = {}) => ({
  ...{ aud, sub: ROLE, jti: randomUUID() },
  'https://sts.amazonaws.com/': { aws_account: '123456789012', source_region: 'eu-central-1' },
  ...over,
})

onEveryIssuer(
  'RFC 7518 §3.4: ES384 is taken of an issuer with a key of P-384, and of no other',
  async (test, issuer) => {
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' })
    const shown = (key: KeyObject, more: object) => ({ ...key.export({ format: 'jwk' }), use: 'sig', ...more })
    const keys = [
      shown(p384.publicKey, { kid: 'p384', alg: 'ES384' }),
      shown(p384.publicKey, { kid: 'unnamed' }),
      shown(p384.publicKey, { kid: 'lies', alg: 'ES256' }),
      shown(p256.publicKey, { kid: 'p256', alg: 'ES384' }),
      shown(p521.publicKey, { kid: 'p521', alg: 'ES384' }),
      shown(p384.privateKey, { kid: 'private', alg: 'ES384' }),
      { ...shown(p384.publicKey, { kid: 'off', alg: 'ES384' }), y: shown(p384.publicKey, {}).x },
    ]
    show(issuer, keys)
    await addTrust(test, issuer, {
      platform: 'other',
      claims: { sub: ROLE, '/https:~1~1sts.amazonaws.com~1/aws_account': '123456789012' },
    })
    const signed = (kid: string, alg = 'ES384', key = p384.privateKey) =>
      issuer.sign(awsToken(test.url), { alg, kid }, key)
    for (const kid of ['p384', 'unnamed']) {
      const { status, body } = await grant(test, await signed(kid))
      assert.equal(status, 200, JSON.stringify(body))
      assert.equal(decodeJwt(body.access_token).sub, 'nhi_sync')
    }
    for (const kid of ['lies', 'p256', 'p521', 'private', 'off', 'nobody'])
      assert.equal((await grant(test, await signed(kid))).body.code, 'federation_refused', kid)
    assert.equal((await grant(test, await signed('p256', 'ES256', p256.privateKey))).body.code, 'federation_refused')
    const [header = '', claims = '', signature = ''] = (await signed('p384')).split('.')
    const bytes = Buffer.from(signature, 'base64url')
    const text = `${header}.${claims}`
    const asDer = sign('sha384', Buffer.from(text), { key: p384.privateKey, dsaEncoding: 'der' })
    const by = (hash: string, key: KeyObject) => sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
    const half = bytes.length / 2
    const [r, s] = [bytes.subarray(0, half), bytes.subarray(half)]
    const [none, order] = [Buffer.alloc(half), Buffer.from(ORDER_OF_P384, 'hex')]
    const wrong: readonly (readonly [string, Buffer])[] = [
      ['in DER', asDer],
      ['of another hash', by('sha256', p384.privateKey)],
      ['of another curve', by('sha384', p256.privateKey)],
      ['of another curve, at this length', Buffer.concat([by('sha384', p256.privateKey), Buffer.alloc(32)])],
      ['all zero', Buffer.concat([none, none])],
      ['r of zero', Buffer.concat([none, s])],
      ['s of zero', Buffer.concat([r, none])],
      ['the order for both', Buffer.concat([order, order])],
      ['s beyond the order', Buffer.concat([r, Buffer.alloc(half, 0xff)])],
      ['the halves swapped', Buffer.concat([s, r])],
      ['a byte short', bytes.subarray(1)],
      ['a byte long', Buffer.concat([bytes, Buffer.alloc(1)])],
      ['padded in front', Buffer.concat([Buffer.alloc(1), r, Buffer.alloc(1), s])],
      ['empty', Buffer.alloc(0)],
    ]
    for (const [what, of] of wrong)
      assert.equal(
        (await grant(test, `${text}.${of.toString('base64url')}`)).body.code,
        'federation_refused',
        `a signature ${what}`,
      )
    assert.equal((await grant(test, `${text}.${signature}`)).status, 200)
  },
)

onEveryIssuer(
  'RFC 8725 §3.1: what a platform does not sign with is refused, whatever its keys',
  async (test, issuer) => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'p384', alg: 'ES384' }]
    show(issuer, keys)
    await addTrust(test, issuer, { platform: 'github', claims: PINS })
    const token = await issuer.sign(githubJob({ aud: test.url }), { alg: 'ES384', kid: 'p384' }, privateKey)
    assert.equal((await grant(test, token)).body.code, 'federation_refused')
  },
)

// FIPS 186-5, as NIST SP 800-186 §3.2.1.4 gives it: n of P-384.
const ORDER_OF_P384 = 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973'
