import assert from 'node:assert/strict'
import { createTokenSource } from '@reeve/sdk'
import { createClient, ReeveError } from '@reeve/sdk/client'
import { holdKey } from '../dpop.ts'
import { onEveryServer, type RunningServer } from '../process.ts'
import { setUpWorkload, type Workload } from '../workload.ts'

const boundSource = (server: RunningServer, { id, secret }: Workload, dpop: boolean | CryptoKeyPair) =>
  createTokenSource({
    ...{ issuer: server.url, clientId: id, auth: { clientSecret: secret }, audience: server.url, dpop },
    ...({ feed: false, allowsPlainHttp: true } as const),
  })

// What only people may: an identity that is known is told so, and one that is not is told that it is nobody.
const CALL = '/v1/lifecycle.session.list'
const KNOWN = 'wrong_principal_type'

onEveryServer(
  'RFC 9449 §7: our own API takes a bound token with a new proof for this call, and with nothing less',
  async ({ server, admin }) => {
    const workload = await setUpWorkload(server, admin)
    const held = await holdKey()
    const source = boundSource(server, workload, held.key)
    const token = await source.token()
    const url = server.url + CALL
    const ask = async (headers: Record<string, string>, path = CALL) => {
      const response = await fetch(server.url + path, { headers })
      const { code, detail = '' } = await response.json()
      return { code, detail, challenge: response.headers.get('www-authenticate') }
    }
    const authorization = `DPoP ${token}`
    const proof = (change: { method?: string; url?: string; token?: string } = {}) =>
      held.prove({ ...{ method: 'GET', url, token }, ...change })
    const good = await proof()
    assert.equal((await ask({ authorization, dpop: good }, `${CALL}?limit=2`)).code, KNOWN)
    const wrong: [Record<string, string>, RegExp][] = [
      [{ authorization, dpop: good }, /used before/],
      [{ authorization }, /no header DPoP/],
      [{ authorization, dpop: 'x' }, /not one signed JWT/],
      [{ authorization, dpop: await proof({ method: 'POST' }) }, /htm/],
      [{ authorization, dpop: await proof({ url: `${url}x` }) }, /htu/],
      [{ authorization, dpop: await proof({ url: url.replace('127.0.0.1', 'localhost') }) }, /htu/],
      [{ authorization, dpop: await proof({ token: `${token}x` }) }, /ath/],
    ]
    for (const [headers, words] of wrong) {
      const { code, detail, challenge } = await ask(headers)
      assert.equal(code, 'sender_not_proven', String(words))
      assert.match(detail, words)
      assert.match(challenge ?? '', /DPoP realm="reeve", algs="ES256 /)
    }
    const refused = 'token_refused'
    const other = await holdKey()
    assert.equal((await ask({ authorization: `Bearer ${token}` })).code, refused)
    assert.equal((await ask({ authorization: `Bearer ${token}`, dpop: await proof() })).code, refused)
    assert.equal((await ask({ authorization, dpop: await other.prove({ method: 'GET', url, token }) })).code, refused)
    const bearer = boundSource(server, workload, false)
    const unbound = await bearer.token()
    const dpop = await proof({ token: unbound })
    for (let round = 0; round < 2; round++)
      assert.equal((await ask({ authorization: `DPoP ${unbound}`, dpop })).code, refused, 'nothing is kept of it')
    const forged = `${token.slice(0, -8)}AAAAAAAA`
    const proofOfForged = await proof({ token: forged })
    for (let round = 0; round < 2; round++)
      assert.equal((await ask({ authorization: `DPoP ${forged}`, dpop: proofOfForged })).code, refused)
    assert.equal((await ask({ authorization: `Bearer ${unbound}` })).code, KNOWN)
    // The quick way of the decision API is a bearer's.
    const evaluation = await fetch(`${server.url}/access/v1/evaluation`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        subject: { type: 'identity', id: 'x' },
        action: { name: 'x' },
        resource: { type: 'x', id: 'x' },
      }),
    })
    assert.equal(evaluation.status, 401)
    source.close()
    bearer.close()
  },
)

onEveryServer('C2: of 50 uses of one proof at our API at once, exactly one is let in', async ({ server, admin }) => {
  const workload = await setUpWorkload(server, admin)
  const held = await holdKey()
  const source = boundSource(server, workload, held.key)
  const headers = await source.headers({ method: 'GET', url: server.url + CALL })
  const codes = await Promise.all(
    Array.from({ length: 50 }, async () => (await (await fetch(server.url + CALL, { headers })).json()).code),
  )
  assert.equal(codes.filter((code) => code === KNOWN).length, 1)
  assert.equal(codes.filter((code) => code === 'sender_not_proven').length, 49)
  source.close()
})

onEveryServer(
  'the SDK calls our API with a bound token, each try with a proof of its own',
  async ({ server, admin }) => {
    const workload = await setUpWorkload(server, admin)
    const source = boundSource(server, workload, true)
    const reeve = createClient({ baseUrl: server.url, as: source })
    for (let round = 0; round < 2; round++)
      await assert.rejects(
        reeve.lifecycle.session.list({ limit: 5 }),
        (error) => error instanceof ReeveError && error.code === KNOWN,
      )
    const response = await source.fetch(server.url + CALL)
    assert.equal((await response.json()).code, KNOWN)
    source.close()
  },
)
