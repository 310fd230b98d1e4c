import assert from 'node:assert/strict'
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
  await until(() => {
    clock.advance(250)
    return isReady
  })
  await ready
  assert.ok(await it.verify(await issuer.issue()))
})

test('S5: a key set that redirects, is huge, endless, slow or no key set is not believed', async (t) => {
  const { clock, issuer, verifierNotReady } = await startIssuer(t)
  const token = await issuer.issue()
  const elsewhere = `${issuer.url}/elsewhere`
  const body = JSON.stringify({ keys: issuer.keys.published() })
  const answers: [
    string,
    (end: (status: number, headers: Record<string, string>, body: string, ends?: boolean) => void) => void,
  ][] = [
    ['a redirect', (end) => end(302, { location: elsewhere }, '')],
    ['a permanent redirect', (end) => end(308, { location: elsewhere }, body)],
    ['2 MB', (end) => end(200, {}, `${' '.repeat(2_097_152)}${body}`)],
    ['no JSON', (end) => end(200, {}, '<html>')],
    ['no keys', (end) => end(200, {}, '{"keys":{}}')],
    ['null', (end) => end(200, {}, 'null')],
    ['never ends', (end) => end(200, {}, body.slice(0, 20), false)],
  ]
  for (const [name, answer] of answers) {
    issuer.misbehave((request, response) => {
      if (request.path === '/elsewhere') response.end(body)
      if (request.path !== keysPath) return request.path === '/elsewhere'
      answer((status, headers, content, ends = true) => {
        response.writeHead(status, headers)
        if (ends) response.end(content)
        else response.write(content)
      })
      return true
    })
    const it = verifierNotReady()
    let code = ''
    it.verify(token).catch((error: unknown) => {
      code = error instanceof VerifyError ? error.code : String(error)
    })
    await until(() => {
      clock.advance(50)
      return code !== ''
    }, name)
    assert.equal(code, 'keys_unavailable', name)
    await it.close()
  }
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
