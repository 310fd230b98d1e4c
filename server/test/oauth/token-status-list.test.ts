import assert from 'node:assert/strict'
import { inflateSync } from 'node:zlib'
import { getListFromStatusListJWT, getStatusListFromJWT } from '@sd-jwt/jwt-status-list'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import type { StopScope } from '../../src/broker/room.ts'
import { addSecret, onEveryBroker, openBroker, post, postSecret, setUpOrders, type TestBroker } from '../broker.ts'

const LISTED = 'https://listed.example.com'

/** An identity with a grant on a resource whose tokens name a status list. */
const setUpListed = async (test: TestBroker) => {
  setUpOrders(test)
  test.decisions.addResource(LISTED, { statusList: true, servedBy: ['nhi_orders_api'] })
  test.decisions.grant('nhi_sync', LISTED, ['orders.read'])
  return addSecret(test)
}

const issue = async (test: TestBroker, secret: string, form: Record<string, string> = {}): Promise<string> =>
  (await postSecret(test, secret, { resource: LISTED, ...form })).body.access_token

const listOf = async (token: string) => {
  const { uri } = getStatusListFromJWT(token)
  const response = await fetch(uri, { headers: { accept: 'application/statuslist+jwt' } })
  return { uri, response, text: await response.text() }
}

/** What another implementation reads in the list that the token names, after its signature was verified. */
const statusOf = async (test: TestBroker, token: string): Promise<number> => {
  const { idx } = getStatusListFromJWT(token)
  const { uri, text } = await listOf(token)
  const keys = await (await fetch(`${test.url}/.well-known/jwks.json`)).json()
  await jwtVerify(text, createLocalJWKSet(keys), {
    issuer: test.url,
    subject: uri,
    typ: 'statuslist+jwt',
    currentDate: test.room.clock.now(),
  })
  return getListFromStatusListJWT(text).getStatus(idx)
}

const VALID = 0
const INVALID = 1
const SUSPENDED = 2

const place = async (
  { room, broker }: TestBroker,
  scope: StopScope,
  id: string,
  verb: 'quarantine' | 'revoke' = 'quarantine',
) => {
  await room.database.write(async (tx) => {
    const stop = { scope, id, verb, reason: 'test', by: null, now: room.clock.now(), until: null }
    await room.changes.signal(tx, (await broker.stops.stop(tx, stop)).signals)
  })
  await room.changes.catchUp()
}

const lift = async ({ room, broker }: TestBroker, scope: StopScope, id: string) => {
  await room.database.write(async (tx) => {
    await room.changes.signal(tx, (await broker.stops.lift(tx, scope, id, room.clock.now()))?.signals ?? [])
  })
  await room.changes.catchUp()
}

onEveryBroker('only tokens of a resource that asks for it name a status list', async (test) => {
  const { secret } = await setUpListed(test)
  const plain = decodeJwt((await postSecret(test, secret)).body.access_token)
  assert.equal(plain.status, undefined)
  assert.equal(String(plain.jti).length, 22)
  assert.equal(decodeJwt(await issue(test, secret)).aud, LISTED)
  const { uri } = getStatusListFromJWT(await issue(test, secret))
  assert.ok(uri.startsWith(`${test.url}/status-lists/`))
})

onEveryBroker(
  '§5.1: a list is signed, of its own type, with all that it must say, and good for a minute',
  async (test) => {
    const { secret } = await setUpListed(test)
    const { uri, response, text } = await listOf(await issue(test, secret))
    assert.equal(response.headers.get('content-type'), 'application/statuslist+jwt')
    assert.equal(response.headers.get('access-control-allow-origin'), '*')
    const { status_list: list, ...claims } = decodeJwt<{ status_list: { bits: number; lst: string } }>(text)
    const iat = Math.floor(test.room.clock.now().getTime() / 1000)
    assert.deepEqual(claims, { iss: test.url, sub: uri, iat, exp: iat + 60, ttl: 15 })
    assert.equal(list.bits, 2)
    assert.equal(inflateSync(Buffer.from(list.lst, 'base64url')).length, 32_768)
    assert.ok(text.length < 1_000, `${text.length} characters for a list in which nothing is stopped`)
  },
)

onEveryBroker('a token that its holder revokes is invalid in its list, and no other token is', async (test) => {
  const { secret } = await setUpListed(test)
  const tokens = await Promise.all(Array.from({ length: 20 }, () => issue(test, secret)))
  const [first = '', ...others] = tokens
  assert.equal(await statusOf(test, first), VALID)
  await post(test, '/oauth/revoke', { client_id: 'nhi_sync', client_secret: secret, token: first })
  await test.room.changes.catchUp()
  assert.equal(await statusOf(test, first), INVALID)
  for (const other of others) assert.equal(await statusOf(test, other), VALID)
  const list = getListFromStatusListJWT((await listOf(first)).text)
  assert.deepEqual(
    list.statusList.flatMap((status, idx) => (status === VALID ? [] : [idx])),
    [getStatusListFromJWT(first).idx],
  )
})

onEveryBroker('a token is stopped in its list by its name alone, and valid again when released', async (test) => {
  const { secret } = await setUpListed(test)
  const token = await issue(test, secret)
  const { jti = '', exp = 0 } = decodeJwt(token)
  const named = { jti, expiresAt: new Date(exp * 1000).toISOString() }
  await test.call('broker.token.quarantine', { ...named, reason: 'test' })
  await test.room.changes.catchUp()
  assert.equal(await statusOf(test, token), SUSPENDED)
  await test.call('broker.token.release', { ...named, reason: 'test' })
  await test.room.changes.catchUp()
  assert.equal(await statusOf(test, token), VALID)
  await test.call('broker.token.revoke', { ...named, reason: 'test' })
  await test.room.changes.catchUp()
  assert.equal(await statusOf(test, token), INVALID)
})

onEveryBroker('every scope that stops a token shows in its list, and in none that it does not stop', async (test) => {
  const { id, secret } = await setUpListed(test)
  const other = await addSecret(test)
  const token = await issue(test, secret, { instance: 'pod-1' })
  const neighbour = await issue(test, other.secret, { instance: 'pod-2' })
  for (const [scope, subject, isShared] of [
    ['credential', id, false],
    ['instance', 'nhi_sync/pod-1', false],
    ['identity', 'nhi_sync', true],
    ['owner', 'team_orders', true],
    ['owner', 'team_orders/nhi_sync', true],
    ['issuer', test.url, true],
  ] as const) {
    await place(test, scope, subject)
    assert.equal(await statusOf(test, token), SUSPENDED, scope)
    assert.equal(await statusOf(test, neighbour), isShared ? SUSPENDED : VALID, scope)
    await lift(test, scope, subject)
    assert.equal(await statusOf(test, token), VALID, scope)
  }
  await place(test, 'credential', id, 'revoke')
  assert.equal(await statusOf(test, token), INVALID)
  // What is suspended with all of its kind stays invalid where it was revoked for itself.
  await post(test, '/oauth/revoke', { client_id: 'nhi_sync', client_secret: other.secret, token: neighbour })
  await place(test, 'identity', 'nhi_sync')
  assert.equal(await statusOf(test, neighbour), INVALID)
})

onEveryBroker('a token by exchange shows in its list what stops any of those that it goes back to', async (test) => {
  const { secret } = await setUpListed(test)
  test.subjects.put('nhi_orders_api', { kind: 'service' })
  const server = await addSecret(test, 'nhi_orders_api')
  test.decisions.letActFor('nhi_orders_api', 'nhi_sync')
  test.decisions.grant('nhi_orders_api', LISTED, ['orders.read'])
  const subject: string = (await postSecret(test, secret)).body.access_token
  const { body } = await post(test, '/oauth/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    client_id: 'nhi_orders_api',
    client_secret: server.secret,
    subject_token: subject,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    resource: LISTED,
  })
  const token: string = body.access_token
  assert.equal(await statusOf(test, token), VALID)
  for (const [scope, id] of [
    ['token', String(decodeJwt(subject).jti)],
    ['token', String(decodeJwt(token).jti)],
    ['credential', server.id],
    ['identity', 'nhi_orders_api'],
    ['identity', 'nhi_sync'],
  ] as const) {
    await place(test, scope, id)
    assert.equal(await statusOf(test, token), SUSPENDED, `${scope} ${id}`)
    await lift(test, scope, id)
    assert.equal(await statusOf(test, token), VALID, `${scope} ${id}`)
  }
})

onEveryBroker('§12.3: places are drawn by lot, each once', async (test) => {
  const { secret } = await setUpListed(test)
  const tokens: string[] = []
  for (let round = 0; round < 50; round += 1) tokens.push(await issue(test, secret))
  const places = tokens.map((token) => getStatusListFromJWT(token).idx)
  assert.equal(new Set(places).size, places.length)
  assert.notDeepEqual(
    places.toSorted((one, other) => one - other),
    places,
  )
  assert.equal(new Set(tokens.map((token) => getStatusListFromJWT(token).uri)).size, 1)
})

onEveryBroker('any replica answers for the lists that another one named, and after a restart too', async (test) => {
  const { secret } = await setUpListed(test)
  const token = await issue(test, secret)
  const { subjects, decisions, findings, exceptions, room, url } = test
  const other = await openBroker(room, { subjects, decisions, findings, exceptions }, { issuer: url })
  try {
    await post(test, '/oauth/revoke', { client_id: 'nhi_sync', client_secret: secret, token })
    await room.changes.catchUp()
    const { idx, uri } = getStatusListFromJWT(token)
    const text = await (await fetch(uri.replace(url, other.url))).text()
    assert.equal(decodeJwt(text).sub, uri)
    assert.equal(getListFromStatusListJWT(text).getStatus(idx), INVALID)
    const later = getStatusListFromJWT(
      (await postSecret({ ...test, url: other.url }, secret, { resource: LISTED })).body.access_token,
    )
    assert.notEqual(later.uri, uri)
  } finally {
    await other.http.close()
  }
})

onEveryBroker('a list is told the same for a moment, and anew as soon as anything is stopped', async (test) => {
  const { secret } = await setUpListed(test)
  const token = await issue(test, secret)
  const { text } = await listOf(token)
  assert.equal((await listOf(token)).text, text)
  await place(test, 'identity', 'nhi_elsewhere')
  const anew = (await listOf(token)).text
  assert.notEqual(anew, text)
  test.room.clock.advance(5_000)
  assert.notEqual((await listOf(token)).text, anew)
})

onEveryBroker('a name that this server did not give is the name of no list', async (test) => {
  const { secret } = await setUpListed(test)
  const { uri } = getStatusListFromJWT(await issue(test, secret))
  const name = uri.slice(uri.lastIndexOf('/') + 1)
  const [page = '', targets = '', seal = ''] = name.split('.')
  const others = [
    '',
    'x',
    `${page}.${targets}`,
    `${page}.${targets}.`,
    `${page}.${targets.slice(22)}.${seal}`,
    `${page}.${targets}.${seal.slice(0, -1)}`,
    `${page}..${targets}.${seal}`,
    `${name}.x`,
    `${name}?time=1`,
    `${'A'.repeat(11)}.${targets}.${seal}`,
    'A'.repeat(5_000),
  ]
  for (const other of others) {
    const response = await fetch(`${test.url}/status-lists/${other}`)
    assert.equal(response.status, 404, other)
  }
  assert.equal((await fetch(uri)).status, 200)
})
