import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { decodeProtectedHeader } from 'jose'
import { startIssuer } from '../../test/start.ts'
import { settle, until } from '../../test/until.ts'
import { VerifyError } from '../verify-error.ts'

const keysPath = '/.well-known/jwks.json'
const refusedWith = (code: string) => (error: unknown) => error instanceof VerifyError && error.code === code

test('S5: 10,000 tokens with unknown keys cost the issuer one request in 30 s', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  const it = await verifier()
  clock.advance(30_000)
  const before = issuer.asked(keysPath).length
  const [, payload = '', signature = ''] = (await issuer.issue()).split('.')
  const unknown = Array.from({ length: 10_000 }, (_, at) => {
    const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: `kid-${at}`, typ: 'at+jwt' })).toString('base64url')
    return it.verify(`${header}.${payload}.${signature}`).then(
      () => 'ACCEPTED',
      (error: unknown) => (error instanceof VerifyError ? error.code : String(error)),
    )
  })
  assert.deepEqual(new Set(await Promise.all(unknown)), new Set(['unknown_key']))
  assert.equal(issuer.asked(keysPath).length, before + 1)
})

test('a key that the issuer began to use is found at its first token, and at most 30 s later', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  const it = await verifier()
  clock.advance(15_000)
  await issuer.keys.rotate('ES256')
  const token = await issuer.issue()
  await assert.rejects(it.verify(token), refusedWith('unknown_key'))
  clock.advance(15_000)
  issuer.feed.heartbeat()
  assert.ok(await it.verify(token))
})

test('T10: no token fails over three generations of keys that are published before they are used', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t, { lifeSeconds: 3_600 })
  const it = await verifier({ mode: 'bestEffort' })
  for (let generation = 0; generation < 3; generation += 1) {
    const old = await issuer.issue()
    await issuer.keys.rotate('ES256')
    clock.advance(30_000)
    assert.ok(await it.verify(old))
    assert.ok(await it.verify(await issuer.issue()))
  }
})

test('S5: known keys go on verifying while the issuer is down, fails, or publishes nothing', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t, { lifeSeconds: 86_000 })
  const it = await verifier({ mode: 'bestEffort' })
  issuer.failWith(500)
  clock.advance(301_000)
  assert.ok(await it.verify(await issuer.issue()))
  issuer.misbehave()
  issuer.keys.publish([])
  clock.advance(301_000)
  assert.ok(await it.verify(await issuer.issue()))
  await settle()
  await issuer.down()
  clock.advance(3_600_000)
  assert.ok(await it.verify(await issuer.issue()))
})

test('a key that was withdrawn verifies nothing any more, not even what was seen before', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t, { lifeSeconds: 3_600 })
  const it = await verifier({ mode: 'bestEffort' })
  const token = await issuer.issue()
  await it.verify(token)
  await issuer.keys.rotate('ES256', { withdraw: true })
  clock.advance(300_000)
  await it.verify(token)
  await until(() => it.status().seenTokens === 0)
  await assert.rejects(it.verify(token), refusedWith('unknown_key'))
})

test('a key that the feed withdraws verifies nothing from that moment on, whenever the key set is asked for again', async (t) => {
  const { issuer, verifier } = await startIssuer(t, { lifeSeconds: 3_600 })
  const it = await verifier()
  const token = await issuer.issue()
  await it.verify(token)
  const { kid } = decodeProtectedHeader(token)
  const { seq } = issuer.stop('key', String(kid), { verb: 'revoke' })
  await until(() => it.status().seq === seq)
  for (const one of [token, await issuer.issue()]) await assert.rejects(it.verify(one), refusedWith('token_revoked'))
})

test('before any key was loaded it is the resource that cannot judge, not the caller that is wrong', async (t) => {
  const { issuer, verifierNotReady } = await startIssuer(t)
  issuer.failWith(503, keysPath)
  await assert.rejects(verifierNotReady().verify(await issuer.issue()), (error) => {
    assert.ok(error instanceof VerifyError)
    assert.deepEqual([error.code, error.status], ['keys_unavailable', 503])
    return true
  })
})

test('a verifier that starts before its issuer finds it by itself', async (t) => {
  const { clock, issuer, verifierNotReady } = await startIssuer(t)
  await issuer.down()
  const it = verifierNotReady()
  await settle()
  await issuer.up()
  let isReady = false
  const ready = it.ready().then(() => {
    isReady = true
  })
  // Each request has the time that it takes, whatever the machine does meanwhile.
  while (!isReady) {
    clock.advance(250)
    await settle()
  }
  await ready
  assert.ok(await it.verify(await issuer.issue()))
})

test('S5: a key set that redirects, is huge, endless, slow or no key set is not believed', async (t) => {
  const { clock, issuer, verifierNotReady } = await startIssuer(t)
  const token = await issuer.issue()
  const elsewhere = `${issuer.url}/elsewhere`
  const body = JSON.stringify({ keys: issuer.keys.published() })
  // No time passes meanwhile, but for what would never end: each is refused for what it is.
  const answers: [
    string,
    RegExp,
    (end: (status: number, headers: Record<string, string>, body: string) => void) => void,
  ][] = [
    ['a redirect', /no answer|redirect/, (end) => end(302, { location: elsewhere }, '')],
    ['a permanent redirect', /no answer|redirect/, (end) => end(308, { location: elsewhere }, body)],
    ['2 MB', /too large/, (end) => end(200, {}, `${' '.repeat(2_097_152)}${body}`)],
    ['no JSON', /not JSON/, (end) => end(200, {}, '<html>')],
    ['no keys', /no keys/, (end) => end(200, {}, '{"keys":{}}')],
    ['null', /no keys/, (end) => end(200, {}, 'null')],
  ]
  const answering = (answer: (response: ServerResponse) => void): void =>
    issuer.misbehave((request, response) => {
      if (request.path === '/elsewhere') response.end(body)
      if (request.path === keysPath) answer(response)
      return request.path === '/elsewhere' || request.path === keysPath
    })
  const refused = async (verifying: Promise<unknown>, name: string, why: RegExp): Promise<void> => {
    const error = await verifying.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof VerifyError && error.code === 'keys_unavailable', name)
    assert.match(String(error.cause), why, name)
  }
  for (const [name, why, answer] of answers) {
    answering((response) => answer((status, headers, content) => response.writeHead(status, headers).end(content)))
    const it = verifierNotReady()
    await refused(it.verify(token), name, why)
    await it.close()
  }
  let isBegun = false
  answering((response) => {
    response.writeHead(200).write(body.slice(0, 20))
    isBegun = true
  })
  const waiting = refused(verifierNotReady().verify(token), 'never ends', /aborted|timed out/)
  await until(() => isBegun)
  clock.advance(5_000)
  await waiting
  assert.equal(issuer.asked('/elsewhere').length, 0)
})

test('a published key without an algorithm, too weak, for another use or of an unknown kind verifies nothing', async (t) => {
  const { issuer, verifier } = await startIssuer(t)
  const { jwk: ec } = issuer.keys.pair('ES256')
  const { jwk: rsa } = issuer.keys.pair('RS256')
  const good = issuer.keys.published().filter(({ alg }) => alg === 'EdDSA')
  const { alg: _, ...withoutAlg } = ec
  for (const bad of [
    withoutAlg,
    { ...ec, use: 'enc' },
    { ...ec, alg: 'ES512' },
    { ...ec, alg: 'RS256' },
    { ...ec, crv: 'P-384' },
    { ...ec, x: 'AAAA' },
  ]) {
    issuer.keys.publish([bad, ...good])
    const it = await verifier()
    await assert.rejects(it.verify(await issuer.issue()), refusedWith('unknown_key'))
    assert.ok(await it.verify(await issuer.issue({ alg: 'EdDSA' })))
  }
  issuer.keys.publish([{ ...rsa, n: rsa.n?.slice(0, 171) ?? '' }, ...good])
  await assert.rejects((await verifier()).verify(await issuer.issue({ alg: 'RS256' })), refusedWith('unknown_key'))
})
