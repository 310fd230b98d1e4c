import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt } from 'jose'
import { assertionForm, ORDERS, onEveryBroker, post, setUpOrders, type TestBroker } from '../broker.ts'
import { openTrustDomain, type TrustDomain } from '../fakes/trust-domain.ts'

const SVID = 'spiffe://acme.example/ns/shop/sa/orders'

const inDomain = (name: string, body: (test: TestBroker, domain: TrustDomain) => Promise<void>): void =>
  onEveryBroker(name, async (test) => {
    const domain = await openTrustDomain(test.room.clock.now)
    try {
      setUpOrders(test)
      await body(test, domain)
    } finally {
      domain.close()
    }
  })

const addTrust = async (test: TestBroker, domain: TrustDomain, over: Record<string, unknown> = {}) => {
  const usual = { identity: 'nhi_sync', issuer: `spiffe://${domain.name}`, claims: { sub: SVID } }
  const input = { ...usual, bundleUrl: domain.bundleUrl, ...over }
  const kept = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
  const added = await test.call('broker.trust.add', kept)
  await test.room.changes.catchUp()
  return added
}

const offer = (test: TestBroker, svid: string, form: Record<string, string> = {}) =>
  post(test, '/oauth/token', { grant_type: 'client_credentials', resource: ORDERS, ...assertionForm(svid), ...form })

const causeOf = async (test: TestBroker): Promise<string> =>
  String((await test.room.events()).findLast(({ outcome }) => outcome === 'refused')?.evidence.cause)

inDomain(
  'a workload gets a token by its JWT-SVID, as a client or as a grant, again until it ends',
  async (test, domain) => {
    const { credential, verdict } = await addTrust(test, domain)
    assert.equal(verdict, 'preferred')
    const svid = await domain.svid({ sub: SVID, aud: [test.url] })
    const asGrant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: svid, resource: ORDERS }
    const answers = [
      await offer(test, svid),
      await offer(test, svid, {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe',
        client_id: 'nhi_sync',
      }),
      await post(test, '/oauth/token', asGrant),
      // Who made it may be said, and need not be anybody's URL; when it was made need not be said (JWT-SVID §3).
      await offer(test, await domain.svid({ sub: SVID, aud: test.url, iss: 'https://spire.acme.example' })),
      await offer(test, await domain.svid({ sub: SVID, aud: test.url, iss: 'spire', iat: undefined })),
    ]
    for (const { status, body } of answers) {
      assert.equal(status, 200, JSON.stringify(body))
      const { sub, reeve } = decodeJwt<{ reeve: Record<string, unknown> }>(body.access_token)
      assert.deepEqual([sub, reeve.credential], ['nhi_sync', credential.id])
    }
    assert.equal(domain.asked(), 1)
  },
)

inDomain('JWT-SVID §3 and §4: what lacks one of its marks, or is not for us, is refused', async (test, domain) => {
  await addTrust(test, domain)
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const good = { sub: SVID, aud: test.url }
  const now = Math.floor(test.room.clock.now().getTime() / 1000)
  const cases: [string, Promise<string>, RegExp][] = [
    ['no audience', domain.svid({ ...good, aud: undefined }), /fits no trust/],
    ['another audience', domain.svid({ ...good, aud: 'https://elsewhere.example' }), /fits no trust/],
    ['two audiences', domain.svid({ ...good, aud: [test.url, 'https://elsewhere.example'] }), /fits no trust/],
    ['no end', domain.svid({ ...good, exp: undefined }), /when it ends/],
    ['over', domain.svid({ ...good, exp: now - 61 }), /expired/],
    [
      'over for long, and not said when it was made',
      domain.svid({ ...good, iat: undefined, exp: now - 61 }),
      /expired/,
    ],
    ['too long', domain.svid({ ...good, iat: undefined, exp: now + 90_000 }), /longer than a day/],
    ['no key id', domain.svid(good, { kid: undefined }), /names no key/],
    ['an unknown key id', domain.svid(good, { kid: 'jwt-2' }), /not signed/],
    ['another type', domain.svid(good, { typ: 'at+jwt' }), /not signed/],
    ['the key of a stranger', domain.svid(good, {}, stranger), /not signed/],
    ['another workload', domain.svid({ ...good, sub: `${SVID}2` }), /fits no trust/],
    ['below the workload', domain.svid({ ...good, sub: `${SVID}/x` }), /fits no trust/],
    ['another trust domain', domain.svid({ ...good, sub: SVID.replace('acme', 'other') }), /no trust names/],
    ['a longer trust domain', domain.svid({ ...good, sub: SVID.replace('example', 'example.evil') }), /no trust names/],
    ['the trust domain itself', domain.svid({ ...good, sub: 'spiffe://acme.example' }), /fits no trust/],
    ['a way around', domain.svid({ ...good, sub: 'spiffe://acme.example/ns/x/../shop/sa/orders' }), /no token/],
    ['a coded slash', domain.svid({ ...good, sub: SVID.replace('/sa/', '%2fsa/') }), /no token/],
    ['capitals', domain.svid({ ...good, sub: SVID.replace('acme', 'ACME') }), /no token/],
  ]
  for (const [what, made, why] of cases) {
    const { status, body } = await offer(test, await made)
    assert.deepEqual([status, body.error], [401, 'invalid_client'], what)
    assert.match(await causeOf(test), why, what)
  }
})

inDomain(
  'the keys of one trust domain prove no name of another, and those of one trust none of another trust',
  async (test, domain) => {
    const other = await openTrustDomain(test.room.clock.now, 'other.example')
    await addTrust(test, domain)
    test.subjects.put('nhi_other')
    // Somebody who may add trusts names a bundle of their own for a workload of theirs in the same domain.
    await addTrust(test, other, {
      identity: 'nhi_other',
      issuer: 'spiffe://acme.example',
      claims: { sub: 'spiffe://acme.example/ns/mine' },
    })
    const forged = await other.svid({ sub: SVID, aud: test.url })
    assert.equal((await offer(test, forged)).body.code, 'federation_refused')
    assert.equal((await offer(test, await domain.svid({ sub: SVID, aud: test.url }))).status, 200)
    const mine = await domain.svid({ sub: 'spiffe://acme.example/ns/mine', aud: test.url })
    assert.equal((await offer(test, mine)).body.code, 'federation_refused')
    const told = await test.call('broker.trust.test', { token: forged })
    assert.equal(told.isAccepted, false)
    await assert.rejects(addTrust(test, other, { identity: 'nhi_other', issuer: 'spiffe://acme.example' }), {
      code: 'trust_ambiguous',
    })
    await assert.rejects(addTrust(test, other, { identity: 'nhi_other' }), { code: 'trust_refused' })
    other.close()
  },
)

inDomain(
  'a bundle may be given, and only its keys that have a name and sign JWT-SVIDs are believed',
  async (test, domain) => {
    const [key] = domain.keys()
    const { trust } = await addTrust(test, domain, { bundleUrl: undefined, bundleKeys: [key] })
    assert.deepEqual([trust.bundleUrl, trust.bundleKeyIds], [null, ['jwt-1']])
    const svid = await domain.svid({ sub: SVID, aud: test.url })
    assert.equal((await offer(test, svid)).status, 200)
    assert.equal(domain.asked(), 0)
    const atUrl = await openTrustDomain(test.room.clock.now, 'two.example')
    const sub = 'spiffe://two.example/orders'
    await addTrust(test, atUrl, { claims: { sub } })
    const shown = atUrl.keys()[0]
    for (const [what, use, expected] of [
      ['for certificates', 'x509-svid', 'federation_refused'],
      ['for whatever', undefined, 'federation_refused'],
      ['for JWT-SVIDs', 'jwt-svid', undefined],
    ] as const) {
      atUrl.show([{ ...shown, use }])
      test.room.clock.advance(301_000)
      assert.equal((await offer(test, await atUrl.svid({ sub, aud: test.url }))).body.code, expected, what)
    }
    atUrl.close()
  },
)

inDomain('every algorithm of JWT-SVID proves a workload, and a key has one of them', async (test) => {
  for (const alg of ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) {
    const domain = await openTrustDomain(test.room.clock.now, `${alg.toLowerCase()}.example`, alg)
    const sub = `spiffe://${domain.name}/orders`
    await addTrust(test, domain, { claims: { sub } })
    const { status, body } = await offer(test, await domain.svid({ sub, aud: test.url }))
    assert.equal(status, 200, `${alg} ${JSON.stringify(body)}`)
    if (alg === 'PS256')
      assert.equal((await offer(test, await domain.svid({ sub, aud: test.url }, { alg: 'RS256' }))).status, 401)
    domain.close()
  }
})

inDomain('an endpoint that is down is told, and what it showed is believed meanwhile', async (test, domain) => {
  await addTrust(test, domain)
  const ask = async () => (await offer(test, await domain.svid({ sub: SVID, aud: test.url }))).body.code
  domain.answer((_request, response) => response.writeHead(503).end())
  assert.equal(await ask(), 'federation_refused')
  domain.answer(undefined)
  test.room.clock.advance(31_000)
  assert.equal(await ask(), undefined)
  domain.answer((_request, response) => response.writeHead(302, { location: '/elsewhere' }).end())
  test.room.clock.advance(3 * 3_600_000)
  assert.equal(await ask(), undefined)
  test.room.clock.advance(4 * 3_600_000)
  assert.equal(await ask(), 'federation_refused')
})

inDomain(
  'a trust lets in one SPIFFE ID; a beginning of several is a finding, and anything wider is refused',
  async (test, domain) => {
    const { lints } = await addTrust(test, domain, { claims: { sub: 'spiffe://acme.example/ns/shop/*' } })
    assert.deepEqual(lints.map(({ code }: { code: string }) => code).sort(), ['bundle-without-tls', 'spiffe-prefix'])
    assert.ok(test.findings.reported.some(({ rule }) => rule === 'trust-too-open'))
    assert.equal((await offer(test, await domain.svid({ sub: SVID, aud: test.url }))).status, 200)
    const near = await domain.svid({ sub: 'spiffe://acme.example/ns/shopping', aud: test.url })
    assert.equal((await offer(test, near)).status, 401)
    const sub = (text: string) => ({ claims: { sub: text } })
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ claims: {} }, /spiffe-id-missing/],
      [sub('spiffe://acme.example/*'), /subject-wildcard/],
      [sub('spiffe://acme.example'), /spiffe-id-malformed/],
      [sub('spiffe://acme.example/a*'), /subject-wildcard/],
      [sub('spiffe://acme.example/a/'), /spiffe-id-malformed/],
      [sub('spiffe://other.example/a'), /spiffe-id-malformed/],
      [sub('orders'), /spiffe-id-malformed/],
      [{ issuer: 'spiffe://acme.example/ns' }, /issuer-malformed/],
      [{ issuer: 'spiffe://ACME.example' }, /issuer-malformed/],
      [{ bundleUrl: undefined }, /bundle-missing/],
      [{ bundleKeys: domain.keys().slice(0, 1) }, /bundle-missing/],
      [{ bundleUrl: 'ftp://acme.example/bundle' }, /bundle-malformed/],
      [{ bundleUrl: undefined, bundleKeys: [{ kty: 'EC', crv: 'P-256', x: 'a', y: 'b' }] }, /bundle-malformed/],
      [{ bundleUrl: undefined, bundleKeys: [{ kty: 'EC', kid: 'a', d: 'secret' }] }, /bundle-malformed/],
      [{ audience: 'https://elsewhere.example' }, /audience-must-be-ours/],
      [{ issuer: 'https://ci.example', audience: test.url }, /bundle-of-another/],
    ]
    for (const [over, codes] of cases)
      await assert.rejects(
        addTrust(test, domain, over),
        (refused: { code: string; message: string; about: string }) => {
          assert.equal(refused.code, 'trust_refused')
          assert.match(`${refused.message} ${refused.about}`, codes)
          return true
        },
      )
  },
)

inDomain('of two trusts in one SPIFFE ID that one is used whose bundle signed', async (test, domain) => {
  const next = await openTrustDomain(test.room.clock.now)
  await addTrust(test, domain)
  const { credential } = await addTrust(test, next)
  const svid = await next.svid({ sub: SVID, aud: test.url })
  const { body } = await offer(test, svid)
  assert.equal(decodeJwt<{ reeve: { credential: string } }>(body.access_token).reeve.credential, credential.id)
  await test.call('broker.credential.quarantine', { credential: credential.id, reason: 'the new keys leaked' })
  await test.room.changes.catchUp()
  assert.equal((await offer(test, svid)).body.code, 'credential_stopped')
  assert.equal((await offer(test, await domain.svid({ sub: SVID, aud: test.url }))).status, 200)
  next.close()
})

inDomain('whoever trusts other workloads of a domain neither delays nor pushes out a bundle', async (test, domain) => {
  const theirs = await openTrustDomain(test.room.clock.now)
  try {
    const ids = Array.from({ length: 11 }, (_, at) => `nhi_other_${at}`)
    for (const [at, identity] of ids.entries()) {
      test.subjects.put(identity)
      const claims = { sub: `spiffe://acme.example/other-${at}/*` }
      await addTrust(test, domain, { identity, claims, bundleUrl: `${theirs.bundleUrl}/${at}` })
    }
    await addTrust(test, domain, { claims: { sub: 'spiffe://acme.example/ns/*' } })
    const { status, body } = await offer(test, await domain.svid({ sub: SVID, aud: test.url }))
    assert.equal(status, 200, JSON.stringify(body))
    assert.deepEqual([theirs.asked(), domain.asked()], [0, 1])
  } finally {
    theirs.close()
  }
})
