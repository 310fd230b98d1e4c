import assert from 'node:assert/strict'
import { decodeJwt } from 'jose'
import { ORDERS, onEveryBroker, post, setUpOrders } from '../broker.ts'
import { openIssuer } from '../fakes/foreign-issuer.ts'

// The claims of a service account's ID token, as Google documents them.
const google = {
  azp: '112233445566778899001',
  email: 'orders@acme.iam.gserviceaccount.com',
  email_verified: true,
  sub: '112233445566778899001',
}
// Those of an app's token of the Microsoft identity platform, version 2.0.
const entra = {
  azp: '6731de76-14a6-49ae-97bc-6eba6914391e',
  azpacr: '2',
  oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
  rh: '0.AAAA',
  sub: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
  tid: '9188040d-6c67-4c5b-b112-36a304b66dad',
  uti: 'fqiBqXLPj0eQa82S-IYFAA',
  ver: '2.0',
}

for (const [platform, said, pins] of [
  ['google', google, { sub: google.sub }],
  ['entra', entra, { oid: entra.oid, tid: entra.tid }],
] as const)
  onEveryBroker(`a workload of ${platform} gets a token by its own, and no neighbour of it does`, async (test) => {
    const issuer = await openIssuer(test.room.clock.now)
    try {
      setUpOrders(test)
      const trust = { issuer: issuer.url, audience: test.url, platform, claims: pins }
      await test.call('broker.trust.add', { identity: 'nhi_sync', ...trust })
      await test.room.changes.catchUp()
      const offer = async (over: Record<string, unknown> = {}) => {
        const assertion = await issuer.sign({ aud: test.url, ...said, ...over }, { typ: 'JWT' })
        const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
        return post(test, '/oauth/token', { grant_type, assertion, resource: ORDERS })
      }
      const { status, body } = await offer()
      assert.equal(status, 200, JSON.stringify(body))
      assert.equal(decodeJwt(body.access_token).sub, 'nhi_sync')
      for (const name of Object.keys(pins)) {
        assert.equal((await offer({ [name]: '0000' })).body.code, 'federation_refused', name)
        assert.equal((await offer({ [name]: undefined })).body.code, 'federation_refused', name)
      }
      assert.equal((await offer({ aud: 'https://elsewhere.example' })).body.code, 'federation_refused')
    } finally {
      issuer.close()
    }
  })
