import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import type { Pace } from '../../src/edge/http/pace.ts'
import { addSecret, assertionForm, ORDERS, onEveryBroker, setUpOrders, type TestBroker } from '../broker.ts'
import { showKeys, signAsClient } from '../fakes/key-set.ts'
import { onEveryMtlsBroker, send } from '../mtls.ts'

// L6 of the trust bars: what is answered where there is no room. How it gets there: server/test/hostile/overload.test.ts.

let roomFor = Number.POSITIVE_INFINITY
let looks = 0
const NOTHING = (): void => undefined
const pace: Pace = {
  inWorkMax: () => {
    looks += 1
    return roomFor
  },
  waitingMax: () => 0,
  ...{ took: NOTHING, waited: NOTHING, emptied: NOTHING, came: NOTHING, sentAway: NOTHING },
}

const FORWARDED: Readonly<Record<string, string>> = { 'x-forwarded-for': '192.0.2.1' }
const WANTED = { grant_type: 'client_credentials', resource: ORDERS }

/** Judges what each endpoint answers by this way in, with room and without. */
const check = async (
  test: TestBroker,
  ask: (path: string, form: Readonly<Record<string, string>>) => Promise<Told>,
): Promise<void> => {
  const { secret } = await addSecret(test)
  const proven = { client_id: 'nhi_sync', client_secret: secret }
  roomFor = Number.POSITIVE_INFINITY
  const issued = await ask('/oauth/token', { ...proven, ...WANTED })
  assert.equal(issued.status, 200, JSON.stringify(issued.body))
  const token = String(issued.body.access_token)
  const before = (await test.room.events()).length
  roomFor = 0
  for (const refused of [
    await ask('/oauth/token', { ...proven, ...WANTED }),
    await ask('/oauth/introspect', { ...proven, token }),
  ]) {
    assert.equal(refused.status, 503)
    assert.match(String(refused.headers['retry-after']), /^[123]$/)
    assert.deepEqual([refused.body.error, refused.body.code], ['temporarily_unavailable', 'overloaded'])
  }
  assert.equal((await test.room.events()).length, before, 'nothing was done')
  assert.equal((await ask('/oauth/revoke', { ...proven, token })).status, 200)
  const login = await ask('/oauth/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: 'x',
  })
  assert.notEqual(login.status, 503, 'who logs in may be about to stop something')
  roomFor = Number.POSITIVE_INFINITY
  assert.deepEqual((await ask('/oauth/introspect', { ...proven, token })).body, { active: false })
}

interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  // biome-ignore lint/suspicious/noExplicitAny: answers of many kinds
  readonly body: any
}

const post = (
  url: string,
  form: Readonly<Record<string, string>>,
  given: { readonly headers?: Readonly<Record<string, string>>; readonly agent?: Agent } = {},
): Promise<Told> =>
  new Promise((resolve, reject) => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = new URLSearchParams(form).toString()
    const headers = { ...type, 'content-length': Buffer.byteLength(body), ...given.headers }
    const sent = request(url, { method: 'POST', headers, agent: given.agent ?? false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      response.on('end', () =>
        resolve({
          ...{ status: response.statusCode ?? 0, headers: response.headers },
          body: text === '' ? {} : JSON.parse(text),
        }),
      )
    })
    sent.on('error', reject).end(body)
  })

// The last two are none that the door takes: it is the framework that has them.
const WAYS: Readonly<Record<string, (url: string) => [string, Readonly<Record<string, string>>]>> = {
  'the door': (url) => [url, {}],
  'a proxy': (url) => [url, FORWARDED],
  'another writing of its type': (url) => [url, { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }],
}

for (const [way, asked] of Object.entries(WAYS))
  onEveryBroker(
    `L6: where there is no room, who asks for a token or about one by ${way} is told when to come back and nothing is done; a token can be revoked, and a person can log in`,
    async (test) => {
      setUpOrders(test)
      await check(test, (path, form) => {
        const [url, headers] = asked(test.url + path)
        return post(url, form, { headers })
      })
    },
    { pace },
  )

for (const [way, asked] of Object.entries(WAYS))
  onEveryBroker(
    `L6: whoever waits for keys that somebody else does not show, by ${way}, keeps no place, and is answered in the end`,
    async (test, t) => {
      setUpOrders(test)
      const { secret } = await addSecret(test)
      const shown = await showKeys(t)
      const key = await shown.make('one')
      shown.show(key)
      await test.call('broker.credential.add', { identity: 'nhi_sync', kind: 'public-key', jwksUri: shown.uri })
      const [url, headers] = asked(`${test.url}/oauth/token`)
      const ask = (form: Readonly<Record<string, string>>) => post(url, { ...form, ...WANTED }, { headers })
      let show = NOTHING
      const isAsked = new Promise<void>((resolve) =>
        shown.answer((response) => {
          show = () => shown.right(response)
          resolve()
        }),
      )
      test.room.clock.advance(600_000)
      roomFor = 1
      looks = 0
      const first = ask(assertionForm(await signAsClient(test, key)))
      await isAsked
      // It joins the one who asks already.
      const second = ask(assertionForm(await signAsClient(test, key)))
      for (const enough = looks + 1; looks < enough; ) await fetch(`${test.url}/livez`)
      const between = await ask({ client_id: 'nhi_sync', client_secret: secret })
      assert.equal(between.status, 200, JSON.stringify(between.body))
      show()
      assert.deepEqual([(await first).status, (await second).status], [200, 200])
      assert.equal((await ask({ client_id: 'nhi_sync', client_secret: secret })).status, 200)
      roomFor = Number.POSITIVE_INFINITY
    },
    { pace },
  )

for (const asksApart of [false, true])
  onEveryMtlsBroker(
    `L6: so it is by TLS${asksApart ? ', at both addresses where certificates are asked for apart' : ''}`,
    async (test) => {
      setUpOrders(test)
      for (const url of asksApart ? [test.url, test.mtlsUrl ?? ''] : [test.url])
        await check(test, (path, form) => send(url + path, { ca: test.serverCa.cert, form }))
    },
    { asksApart, pace },
  )

onEveryBroker(
  'L6: a path that is written in another way leads around nothing',
  async (test) => {
    setUpOrders(test)
    roomFor = 0
    for (const [path, status] of [
      ['/oauth/token?x=y', 503],
      ['/oauth/tok%65n', 400],
      ['//oauth/token', 404],
    ] as const)
      assert.equal((await post(test.url + path, WANTED)).status, status, path)
  },
  { pace },
)

onEveryBroker(
  'L6: whoever asks again before the time that it was told is answered only then, on whichever way, and what it stops meanwhile is stopped at once',
  async (test) => {
    setUpOrders(test)
    const { secret } = await addSecret(test)
    const proven = { client_id: 'nhi_sync', client_secret: secret }
    for (const headers of [{}, FORWARDED]) {
      roomFor = 0
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const ask = () => post(`${test.url}/oauth/token`, { ...proven, ...WANTED }, { headers, agent })
      try {
        assert.equal((await ask()).status, 503)
        let isAnswered = false
        const again = ask().finally(() => {
          isAnswered = true
        })
        // Whatever else is asked goes on; the clock of the server stands still.
        for (let at = 0; at < 20; at++)
          assert.equal((await post(`${test.url}/oauth/revoke`, { ...proven, token: 'none' })).status, 200)
        assert.equal(isAnswered, false)
        test.room.clock.advance(3_100)
        assert.equal((await again).status, 503)
        // In time, and with room: let in.
        roomFor = Number.POSITIVE_INFINITY
        assert.equal((await ask()).status, 200)
        // Too early, and with room: let in as well.
        roomFor = 0
        test.room.clock.advance(3_100)
        assert.equal((await ask()).status, 503)
        roomFor = Number.POSITIVE_INFINITY
        assert.equal((await ask()).status, 200)
      } finally {
        agent.destroy()
      }
    }
  },
  { pace },
)
