import assert from 'node:assert/strict'
import { type AwsKeys, createTokenSource } from '@reeve/sdk'
import { decodeJwt } from 'jose'
import { signAwsCaller } from '../../../sdk/src/token/aws-caller.ts'
import { ORDERS, onEveryBroker, post, setUpOrders, type TestBroker } from '../broker.ts'
import { openSts, type StsCaller, type TestSts } from '../fakes/sts.ts'

const ROLE = 'arn:aws:iam::123456789012:role/OrdersSync'
const KEYS: AwsKeys = {
  region: 'eu-west-1',
  accessKeyId: 'ASIAORDERSSYNC000001',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: 'FwoGZXIvYXdzEBYaDK/EXAMPLE+token==',
}
const CALLER: StsCaller = {
  secretAccessKey: KEYS.secretAccessKey,
  sessionToken: 'FwoGZXIvYXdzEBYaDK/EXAMPLE+token==',
  Account: '123456789012',
  Arn: 'arn:aws:sts::123456789012:assumed-role/OrdersSync/i-0abc12345def67890',
  UserId: 'AROAEXAMPLEID0000001:i-0abc12345def67890',
}

const onAws = (name: string, body: (test: TestBroker, sts: TestSts) => Promise<void>): void => {
  // The STS of each test, which is there before its broker asks it.
  let url = ''
  onEveryBroker(
    name,
    async (test) => {
      const sts = await openSts(test.room.clock.now)
      url = sts.url
      try {
        setUpOrders(test)
        sts.put(KEYS.accessKeyId, CALLER)
        await body(test, sts)
      } finally {
        sts.close()
      }
    },
    { stsUrl: () => url },
  )
}

const addTrust = async (test: TestBroker, over: Record<string, unknown> = {}) => {
  const input = { identity: 'nhi_sync', issuer: 'arn:aws:sts', claims: { arn: ROLE }, regions: ['eu-west-1'] }
  const added = await test.call('broker.trust.add', { ...input, ...over })
  await test.room.changes.catchUp()
  return added
}

const TYPE = 'urn:reeve:client-assertion-type:aws-caller'

const offer = (test: TestBroker, client_assertion: string, form: Record<string, string> = {}) =>
  post(test, '/oauth/token', {
    grant_type: 'client_credentials',
    resource: ORDERS,
    client_assertion_type: TYPE,
    client_assertion,
    ...form,
  })

const sign = (test: TestBroker, keys: Partial<AwsKeys> = {}, issuer = test.url, laterMs = 0) =>
  signAwsCaller({ ...KEYS, ...keys }, { issuer, nowMs: test.room.clock.now().getTime() + laterMs })

type Headers = Record<string, unknown>
const headersOf = (block: string): Headers => JSON.parse(Buffer.from(block, 'base64url').toString('utf8')).headers
const blockOf = (headers: Headers): string => Buffer.from(JSON.stringify({ headers })).toString('base64url')

const causeOf = async (test: TestBroker): Promise<string> =>
  String((await test.room.events()).findLast(({ outcome }) => outcome === 'refused')?.evidence.cause)

onAws(
  'a role of AWS gets a token by a request that STS confirms, with its session as the instance',
  async (test, sts) => {
    const { credential, lints } = await addTrust(test)
    assert.deepEqual(lints, [])
    const { status, body } = await offer(test, await sign(test))
    assert.equal(status, 200, JSON.stringify(body))
    const { sub, reeve } = decodeJwt<{ reeve: Record<string, unknown> }>(body.access_token)
    assert.deepEqual([sub, reeve.credential, reeve.instance], ['nhi_sync', credential.id, 'i-0abc12345def67890'])
    const [sent] = sts.asked
    assert.equal(sent?.body, 'Action=GetCallerIdentity&Version=2011-06-15')
    assert.equal(sent?.headers.host, 'sts.eu-west-1.amazonaws.com')
    const text = JSON.stringify(await test.room.events())
    for (const secret of [KEYS.sessionToken, KEYS.secretAccessKey, 'Signature='])
      assert.ok(!text.includes(String(secret)), 'a part of the request is in an event')
  },
)

onAws('the SDK proves a workload of AWS, anew for each token', async (test) => {
  await addTrust(test)
  const source = createTokenSource({
    issuer: test.url,
    clientId: 'nhi_sync',
    audience: ORDERS,
    auth: { aws: async () => KEYS },
    feed: false,
    allowsPlainHttp: true,
    clock: { nowMs: () => test.room.clock.now().getTime(), monotonicMs: () => 0, after: () => () => {} },
  })
  const first = await source.token()
  source.drop(first)
  test.room.clock.advance(1000)
  assert.notEqual(await source.token(), first)
  source.close()
})

onAws(
  'Project Zero: a host that is not the STS of the region is not asked, whoever signed for it',
  async (test, sts) => {
    await addTrust(test)
    const good = headersOf(await sign(test))
    for (const host of [
      'sts.evil.example',
      'sts.eu-west-1.amazonaws.com.evil.example',
      'sts.eu-west-1.amazonaws.com:8443',
      'sts.eu-west-1.amazonaws.com@evil.example',
      'evil.example/sts.eu-west-1.amazonaws.com',
      'sts.amazonaws.com',
      'sts.us-east-1.amazonaws.com',
      'STS.EU-WEST-1.AMAZONAWS.COM',
      '127.0.0.1',
      '',
    ]) {
      const { status, body } = await offer(test, blockOf({ ...good, host }))
      assert.deepEqual([status, body.code], [401, 'federation_refused'], host)
    }
    assert.equal(sts.asked.length, 0)
  },
)

onAws('Project Zero: no header is sent on that is not known, signed, and given once', async (test, sts) => {
  await addTrust(test)
  const good = headersOf(await sign(test))
  const authorization = String(good.authorization)
  const signedToo = (name: string) => authorization.replace('SignedHeaders=', `SignedHeaders=${name};`)
  const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([each]) => each !== name))
  const cases: [string, string][] = [
    [
      'a header for another action',
      blockOf({ ...good, 'x-amz-target': 'AssumeRole', authorization: signedToo('x-amz-target') }),
    ],
    [
      'a header that reroutes',
      blockOf({ ...good, 'x-forwarded-host': 'evil.example', authorization: signedToo('x-forwarded-host') }),
    ],
    ['a header that chooses the answer', blockOf({ ...good, accept: 'text/xml', authorization: signedToo('accept') })],
    ['another content type', blockOf({ ...good, 'content-type': 'application/json' })],
    [
      'another body by its digest',
      blockOf({ ...good, 'x-amz-content-sha256': '0'.repeat(64), authorization: signedToo('x-amz-content-sha256') }),
    ],
    ['chunks', blockOf({ ...good, 'transfer-encoding': 'chunked', authorization: signedToo('transfer-encoding') })],
    ['a longer body', blockOf({ ...good, 'content-length': '999', authorization: signedToo('content-length') })],
    ['a header that is not signed', blockOf({ ...good, accept: 'application/json' })],
    ['a name in capitals', blockOf({ ...without('host'), Host: good.host })],
    ['two values', blockOf({ ...good, host: [good.host, 'evil.example'] })],
    ['a line break', blockOf({ ...good, 'x-amz-security-token': `a\r\nhost: evil.example` })],
    ['a member of every object', blockOf({ ...good, constructor: 'a' })],
    ['no server id', blockOf(without('x-reeve-server-id'))],
    [
      'a server id that is not signed',
      blockOf({ ...good, authorization: authorization.replace(';x-reeve-server-id', '') }),
    ],
    ['no date', blockOf(without('x-amz-date'))],
    ['a header signed twice', blockOf({ ...good, authorization: signedToo('host') })],
    ['a header twice', Buffer.from(`{"headers":{"host":"a",${JSON.stringify(good).slice(1)}}`).toString('base64url')],
    [
      'a URL of its own',
      Buffer.from(JSON.stringify({ headers: good, url: 'https://evil.example/' })).toString('base64url'),
    ],
    ['another method', Buffer.from(JSON.stringify({ headers: good, method: 'GET' })).toString('base64url')],
    ['no JSON', 'AAAA'],
    ['padding', `${blockOf(good)}=`],
  ]
  for (const [what, block] of cases) {
    const { status, body } = await offer(test, block)
    assert.deepEqual([status, body.code], [401, 'federation_refused'], what)
  }
  assert.equal(sts.asked.length, 0)
})

onAws('Project Zero: a region, service or algorithm that is none of those meant is not asked', async (test, sts) => {
  await addTrust(test)
  for (const region of [
    'us-east-1',
    'eu-west-2',
    'cn-north-1',
    'us-gov-west-1',
    'evil',
    'eu-west-1.evil',
    'eu-west-11',
  ])
    assert.equal((await offer(test, await sign(test, { region }))).body.code, 'federation_refused', region)
  const good = headersOf(await sign(test))
  const authorization = String(good.authorization)
  for (const other of [
    authorization.replace('/sts/', '/iam/'),
    authorization.replace('/eu-west-1/', '/us-east-1/'),
    authorization.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'),
    authorization.replace(/Credential=(\w+)\/\d{8}/, 'Credential=$1/20200101'),
    authorization.replace(/Signature=(\w+)/, (_all, hex: string) => `Signature=${hex.toUpperCase()}`),
    `${authorization}, Signature=${'0'.repeat(64)}`,
  ])
    assert.equal((await offer(test, blockOf({ ...good, authorization: other }))).body.code, 'federation_refused', other)
  assert.equal(sts.asked.length, 0)
})

onAws('a request for another server, or of another time, is refused before STS is asked', async (test, sts) => {
  await addTrust(test)
  for (const issuer of ['https://vault.example', `${test.url}/`, test.url.toUpperCase()])
    assert.equal((await offer(test, await sign(test, {}, issuer))).body.code, 'federation_refused', issuer)
  assert.match(await causeOf(test), /another server/)
  for (const laterMs of [-301_000, 301_000]) {
    assert.equal((await offer(test, await sign(test, {}, test.url, laterMs))).body.code, 'federation_refused')
    assert.match(await causeOf(test), /five minutes/)
  }
  assert.equal(sts.asked.length, 0)
  for (const laterMs of [-299_000, 299_000])
    assert.equal((await offer(test, await sign(test, {}, test.url, laterMs))).status, 200)
})

onAws('a request is used once, among many at once and in every writing', async (test) => {
  await addTrust(test)
  const block = await sign(test)
  const answers = await Promise.all([offer(test, block), offer(test, block), offer(test, block)])
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401])
  const headers = headersOf(block)
  const reordered = blockOf(Object.fromEntries(Object.entries(headers).reverse()))
  const respaced = blockOf({ ...headers, authorization: String(headers.authorization).replaceAll(', ', ',') })
  for (const again of [block, reordered, respaced])
    assert.equal((await offer(test, again)).body.code, 'assertion_replayed')
})

onAws('what STS does not confirm is refused, and where it gives no answer, that is told', async (test, sts) => {
  await addTrust(test)
  assert.equal((await offer(test, await sign(test, { secretAccessKey: 'wrong' }))).body.code, 'federation_refused')
  assert.equal((await offer(test, await sign(test, { sessionToken: undefined }))).body.code, 'federation_refused')
  const xml =
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><GetCallerIdentityResponse>&b;</GetCallerIdentityResponse>'
  const result = (over: object) => ({
    GetCallerIdentityResponse: {
      GetCallerIdentityResult: { Account: CALLER.Account, Arn: CALLER.Arn, UserId: CALLER.UserId, ...over },
    },
  })
  const cases: [string, number, string, string, string][] = [
    ['XML', 200, 'text/xml', xml, 'federation_refused'],
    ['XML that says it is JSON', 200, 'application/json', xml, 'federation_refused'],
    ['too much', 200, 'application/json', JSON.stringify({ a: 'x'.repeat(2_000_000) }), 'federation_refused'],
    ['another answer', 200, 'application/json', '{"GetSessionTokenResponse":{}}', 'federation_refused'],
    ['busy', 429, 'application/json', '{}', 'federation_refused'],
    ['down', 503, 'application/json', '{}', 'federation_refused'],
    ['a redirect', 302, 'application/json', '{}', 'federation_refused'],
    [
      'another account',
      200,
      'application/json',
      JSON.stringify(result({ Account: '210987654321' })),
      'federation_refused',
    ],
    [
      'another partition',
      200,
      'application/json',
      JSON.stringify(result({ Arn: CALLER.Arn.replace('arn:aws:', 'arn:aws-cn:') })),
      'federation_refused',
    ],
    [
      'root',
      200,
      'application/json',
      JSON.stringify(result({ Arn: 'arn:aws:iam::123456789012:root' })),
      'federation_refused',
    ],
    [
      'a federated user',
      200,
      'application/json',
      JSON.stringify(result({ Arn: 'arn:aws:sts::123456789012:federated-user/OrdersSync' })),
      'federation_refused',
    ],
    [
      'another role',
      200,
      'application/json',
      JSON.stringify(result({ Arn: 'arn:aws:sts::123456789012:assumed-role/Other/OrdersSync' })),
      'federation_refused',
    ],
    [
      'a role of a longer name',
      200,
      'application/json',
      JSON.stringify(result({ Arn: 'arn:aws:sts::123456789012:assumed-role/OrdersSync2/s1' })),
      'federation_refused',
    ],
  ]
  for (const [what, code, type, text, expected] of cases) {
    test.room.clock.advance(1000)
    sts.answer((_request, response) => response.writeHead(code, { 'content-type': type, location: '/' }).end(text))
    assert.equal((await offer(test, await sign(test))).body.code, expected, what)
  }
  sts.answer(undefined)
  test.room.clock.advance(1000)
  assert.equal((await offer(test, await sign(test))).status, 200)
})

onAws('a user is told by its path, and a session, a unique id and an account can be pinned', async (test, sts) => {
  const user = 'arn:aws:iam::123456789012:user/bots/nightly'
  sts.put('AKIANIGHTLY000000001', { ...CALLER, Arn: user, UserId: 'AIDAEXAMPLE' })
  const nightly = { accessKeyId: 'AKIANIGHTLY000000001' }
  await addTrust(test, { claims: { arn: user, account: '123456789012', unique_id: 'AIDAEXAMPLE' } })
  const { status, body } = await offer(test, await sign(test, nightly))
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal((await offer(test, await sign(test))).body.code, 'federation_refused')
  const { credential } = await addTrust(test, { claims: { arn: ROLE, session: 'i-0abc12345def67890' } })
  test.room.clock.advance(1000)
  assert.equal((await offer(test, await sign(test))).status, 200)
  await test.call('broker.credential.revoke', { credential: credential.id, reason: 'over' })
  await addTrust(test, { claims: { arn: ROLE, unique_id: 'AROAANOTHER' } })
  test.room.clock.advance(1000)
  assert.equal((await offer(test, await sign(test))).body.code, 'federation_refused')
})

onAws('one role is one identity, whatever its regions', async (test) => {
  await addTrust(test)
  test.subjects.put('nhi_other')
  await assert.rejects(addTrust(test, { identity: 'nhi_other', regions: ['us-east-1'] }), { code: 'trust_ambiguous' })
  await addTrust(test, { identity: 'nhi_other', claims: { arn: `${ROLE}2` } })
})

onAws('a trust in AWS is not added where it lets in more than a role, nor one that no STS could tell', async (test) => {
  const arn = (text: string) => ({ claims: { arn: text } })
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ claims: {} }, /arn-missing/],
    [{ claims: { account: '123456789012' } }, /arn-missing/],
    [arn('arn:aws:iam::123456789012:role/*'), /arn-malformed/],
    [arn('arn:aws:iam::123456789012:*'), /arn-malformed/],
    [arn('arn:aws:iam::*:role/OrdersSync'), /arn-malformed/],
    [arn('arn:aws:iam::123456789012:root'), /arn-malformed/],
    [arn('arn:aws:iam::123456789012:role/path/OrdersSync'), /arn-malformed/],
    [arn('arn:aws:sts::123456789012:assumed-role/OrdersSync/s'), /arn-malformed/],
    [arn('arn:aws-cn:iam::123456789012:role/OrdersSync'), /arn-malformed/],
    [{ claims: { arn: ROLE, session: 'i-*' } }, /claim-wildcard/],
    [{ regions: [] }, /region-missing/],
    [{ regions: ['eu-west-1', 'cn-north-1'] }, /region-unknown/],
    [{ regions: ['evil.example'] }, /region-unknown/],
    [{ audience: 'https://other.example' }, /audience-must-be-ours/],
    [{ tokens: 'again' }, /proof-again/],
    [{ issuer: 'arn:aws-mars:sts' }, /issuer-malformed/],
    [{ issuer: 'https://token.actions.githubusercontent.com', platform: 'github' }, /region-of-another/],
  ]
  for (const [over, codes] of cases)
    await assert.rejects(
      addTrust(test, over),
      ({ code, message, about }: { code: string; message: string; about: string }) => {
        assert.equal(code, 'trust_refused')
        assert.match(`${message} ${about}`, codes)
        return true
      },
    )
})

onAws('a token that names AWS as its issuer is none, and nobody is asked for its keys', async (test, sts) => {
  await addTrust(test)
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const jwt = `${encode({ alg: 'RS256' })}.${encode({ iss: 'arn:aws:sts', aud: test.url, arn: ROLE })}.AAAA`
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: jwt, resource: ORDERS }
  assert.equal((await post(test, '/oauth/token', form)).body.code, 'federation_refused')
  assert.equal(sts.asked.length, 0)
})

onAws('a trust says of a request which would take it, and why not, without using it up', async (test) => {
  await addTrust(test)
  const block = await sign(test)
  const good = await test.call('broker.trust.test', { token: block })
  assert.deepEqual([good.isAccepted, good.subject], [true, ROLE])
  assert.equal((await offer(test, block)).status, 200)
  const foreign = await test.call('broker.trust.test', { token: await sign(test, {}, 'https://vault.example') })
  assert.equal(foreign.isAccepted, false)
  assert.match(foreign.problem, /names another server/)
  const elsewhere = await test.call('broker.trust.test', { token: await sign(test, { region: 'us-east-1' }) })
  assert.match(elsewhere.problem, /no trust names its region/)
})
