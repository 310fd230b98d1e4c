import assert from 'node:assert/strict'
import { addSecret, ORDERS, onEveryBroker, setUpOrders } from '../broker.ts'

// L6 of the trust bars: what the endpoints answer where too many wait. How it gets there: server/test/hostile/overload.test.ts.

let isFull = false

// The second is none that the door takes.
const WAYS = { door: {}, framework: { 'x-forwarded-for': '192.0.2.1' } }

onEveryBroker(
  'L6: where too many wait, who asks for a token or about one is told when to come back, unrecorded, and a token can be revoked',
  async (test) => {
    setUpOrders(test)
    const { secret } = await addSecret(test)
    for (const headers of Object.values(WAYS)) {
      const ask = async (path: string, more: Readonly<Record<string, string>>) => {
        const body = new URLSearchParams({ client_id: 'nhi_sync', client_secret: secret, ...more })
        const response = await fetch(test.url + path, { method: 'POST', headers, body })
        const text = await response.text()
        return {
          ...{ status: response.status, retryAfter: response.headers.get('retry-after'), text },
          json: text === '' ? {} : JSON.parse(text),
        }
      }
      const wanted = { grant_type: 'client_credentials', resource: ORDERS }
      isFull = false
      const issued = await ask('/oauth/token', wanted)
      assert.equal(issued.status, 200, issued.text)
      const token = String(issued.json.access_token)
      const before = (await test.room.events()).length
      isFull = true
      for (const refused of [await ask('/oauth/token', wanted), await ask('/oauth/introspect', { token })]) {
        assert.deepEqual([refused.status, refused.retryAfter], [503, '1'], refused.text)
        assert.deepEqual([refused.json.error, refused.json.code], ['temporarily_unavailable', 'overloaded'])
      }
      assert.equal((await test.room.events()).length, before)
      assert.equal((await ask('/oauth/revoke', { token })).status, 200)
      isFull = false
      assert.deepEqual((await ask('/oauth/introspect', { token })).json, { active: false })
    }
  },
  { isFull: () => isFull },
)
