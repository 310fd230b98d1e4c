import assert from 'node:assert/strict'
import { createHmac, createPublicKey, KeyObject, sign } from 'node:crypto'
import { test } from 'node:test'
import { base64url, CompactEncrypt, exportSPKI } from 'jose'
import type { FakeIssuer } from '../../test/fake-issuer.ts'
import { audience } from '../../test/fake-keys.ts'
import { startIssuer } from '../../test/start.ts'
import { VerifyError } from '../verify-error.ts'
import type { Verifier } from './verifier.ts'

const encode = (value: unknown): string => base64url.encode(typeof value === 'string' ? value : JSON.stringify(value))

/** What the verifier makes of a token: the code of its refusal, or what it should never be. */
const outcome = async (verifier: Verifier, token: string): Promise<string> => {
  const startedAtMs = performance.now()
  const code = await verifier.verify(token).then(
    () => 'ACCEPTED',
    (error: unknown) => (error instanceof VerifyError ? error.code : `UNEXPECTED ${String(error)}`),
  )
  const tookMs = performance.now() - startedAtMs
  // Far above what one takes, and far below what a token that costs too much would take.
  return tookMs < 500 ? code : `SLOW ${code} ${tookMs} ms`
}

const expectAll = async (
  verifier: Verifier,
  cases: readonly (readonly [name: string, token: string, code: string])[],
) => {
  const wrong: string[] = []
  for (const [name, token, code] of cases) {
    const was = await outcome(verifier, token)
    if (was !== code) wrong.push(`${name}: ${was}, not ${code}`)
  }
  assert.deepEqual(wrong, [])
}

/** Signs exactly this text as header and payload, as a dishonest or broken holder of the key would. */
const signRaw = (issuer: FakeIssuer, header: string, payload: string | Uint8Array): string => {
  const input = `${base64url.encode(header)}.${base64url.encode(payload)}`
  const key = { key: KeyObject.from(issuer.keys.pair('ES256').privateKey), dsaEncoding: 'ieee-p1363' } as const
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

const start = async (t: Parameters<typeof startIssuer>[0]) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  const it = await verifier()
  const good = await issuer.issue()
  const [header = '', payload = '', signature = ''] = good.split('.')
  const headerText = new TextDecoder().decode(base64url.decode(header))
  const payloadText = new TextDecoder().decode(base64url.decode(payload))
  const nowSeconds = Math.floor(clock.nowMs() / 1000)
  const resign = (change: (claims: Record<string, unknown>) => unknown) =>
    signRaw(issuer, headerText, JSON.stringify(change(JSON.parse(payloadText))))
  const withHeader = (change: Record<string, unknown>) =>
    signRaw(issuer, JSON.stringify({ ...JSON.parse(headerText), ...change }), payloadText)
  assert.equal(await outcome(it, signRaw(issuer, headerText, payloadText)), 'ACCEPTED')
  return { issuer, it, good, header, payload, signature, headerText, payloadText, nowSeconds, resign, withHeader }
}

test('an algorithm "none" is refused in every casing, with and without a signature', async (t) => {
  const { it, payload, signature } = await start(t)
  const casings = Array.from({ length: 16 }, (_, bits) =>
    [...'none'].map((letter, at) => ((bits >> at) & 1 ? letter.toUpperCase() : letter)).join(''),
  )
  await expectAll(
    it,
    casings.flatMap((alg) => {
      const header = encode({ alg, kid: 'ES256-1', typ: 'at+jwt' })
      return [
        [`${alg}, unsigned`, `${header}.${payload}.`, 'algorithm_refused'],
        [`${alg}, signed`, `${header}.${payload}.${signature}`, 'algorithm_refused'],
      ] as const
    }),
  )
})

test('the key decides the algorithm: every other one is refused, also a public key used as an HMAC secret', async (t) => {
  const { issuer, it, payload, payloadText } = await start(t)
  const cases: [string, string, string][] = []
  const real = ['ES256', 'EdDSA', 'RS256', 'PS256'] as const
  const all = [
    ...real,
    'HS256',
    'HS384',
    'HS512',
    'ES384',
    'ES512',
    'RS384',
    'PS512',
    'ES256K',
    'Ed25519',
    '',
    'ES256 ',
    'es256',
  ]
  for (const mine of real) {
    const { kid, publicKey } = issuer.keys.pair(mine)
    const spki = await exportSPKI(publicKey)
    const secrets = [spki, spki.trim(), Buffer.from(createPublicKey(spki).export({ type: 'spki', format: 'der' })), '']
    for (const alg of all.filter((other) => other !== mine)) {
      const header = encode({ alg, kid, typ: 'at+jwt' })
      for (const secret of secrets) {
        const mac = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url')
        cases.push([`${mine} key as ${alg}`, `${header}.${payload}.${mac}`, 'algorithm_refused'])
      }
    }
  }
  for (const alg of [undefined, null, 1, ['ES256'], { ES256: 1 }, '__proto__', 'constructor', 'toString'])
    cases.push([
      `alg ${JSON.stringify(alg)}`,
      signRaw(issuer, JSON.stringify({ alg, kid: 'ES256-1', typ: 'at+jwt' }), payloadText),
      'algorithm_refused',
    ])
  await expectAll(it, cases)
})

test('a token that brings its own key, in any of the ways there are, is refused', async (t) => {
  const { issuer, it, withHeader } = await start(t)
  const { jwk } = issuer.keys.pair('ES256')
  await expectAll(it, [
    ['jwk', withHeader({ jwk }), 'key_in_header'],
    ['jku', withHeader({ jku: `${issuer.url}/.well-known/jwks.json` }), 'key_in_header'],
    ['x5u', withHeader({ x5u: issuer.url }), 'key_in_header'],
    ['x5c', withHeader({ x5c: ['MIIB'] }), 'key_in_header'],
    ['x5t', withHeader({ x5t: 'AAAA' }), 'key_in_header'],
    ['x5t#S256', withHeader({ 'x5t#S256': 'AAAA' }), 'key_in_header'],
    ['jwk null', withHeader({ jwk: null }), 'key_in_header'],
  ])
})

test('a header that must be understood and is not, or an unencoded payload, is refused', async (t) => {
  const { it, withHeader } = await start(t)
  const crits = [['exp'], ['b64'], [], ['unknown'], ['alg'], 'b64', null, {}]
  await expectAll(it, [
    ...crits.map((crit) => [`crit ${JSON.stringify(crit)}`, withHeader({ crit }), 'critical_header'] as const),
    ['b64 false', withHeader({ b64: false }), 'critical_header'],
    ['b64 false and crit', withHeader({ b64: false, crit: ['b64'] }), 'critical_header'],
  ])
})

test('a key id is looked up by itself only: no path, no query, no prototype, no other form', async (t) => {
  const { it, withHeader, issuer } = await start(t)
  const kids = [
    '../../dev/null',
    "' OR 1=1 --",
    'ES256-1\0',
    'ES256-1 ',
    'es256-1',
    '__proto__',
    'constructor',
    '',
    'a'.repeat(5_000),
  ]
  await expectAll(
    it,
    kids.map((kid) => [`kid ${kid.slice(0, 20)}`, withHeader({ kid }), 'unknown_key'] as const),
  )
  await expectAll(
    it,
    [undefined, null, 1, ['ES256-1'], {}].map(
      (kid) => [`kid ${JSON.stringify(kid)}`, withHeader({ kid }), 'unknown_key'] as const,
    ),
  )
  assert.ok(issuer.asked('/.well-known/jwks.json').length <= 2)
})

test('another kind of token of the same issuer does not pass for an access token', async (t) => {
  const { it, withHeader } = await start(t)
  const typs = [
    undefined,
    null,
    '',
    'JWT',
    'jwt',
    'dpop+jwt',
    'at+JWT',
    'at+jwt ',
    'application/jwt',
    'application/application/at+jwt',
    ['at+jwt'],
  ]
  await expectAll(
    it,
    typs.map((typ) => [`typ ${JSON.stringify(typ)}`, withHeader({ typ }), 'wrong_type'] as const),
  )
  assert.equal(await outcome(it, withHeader({ typ: 'application/at+jwt' })), 'ACCEPTED')
})

test('a time claim is a whole number of seconds within reach, or the token is refused', async (t) => {
  const { it, resign, nowSeconds, issuer, headerText, payloadText } = await start(t)
  const bad = [
    undefined,
    null,
    '',
    String(nowSeconds + 60),
    nowSeconds + 0.5,
    1e308,
    -1,
    -1e308,
    true,
    [nowSeconds + 60],
    {},
    nowSeconds + 900_000,
  ]
  const cases = ['exp', 'iat'].flatMap((name) =>
    bad.map(
      (value) =>
        [
          `${name} ${JSON.stringify(value)}`,
          resign((claims) => ({ ...claims, [name]: value })),
          'claim_invalid',
        ] as const,
    ),
  )
  const raw = (name: string, literal: string) =>
    signRaw(issuer, headerText, payloadText.replace(new RegExp(`"${name}":\\d+`), `"${name}":${literal}`))
  await expectAll(it, [
    ...cases,
    ['exp 1e400', raw('exp', '1e400'), 'claim_invalid'],
    ['exp NaN', raw('exp', 'NaN'), 'token_malformed'],
    ['exp far', raw('exp', '9007199254740993'), 'claim_invalid'],
    ['exp before iat', resign((claims) => ({ ...claims, exp: nowSeconds - 10 })), 'claim_invalid'],
    ['expired', resign((claims) => ({ ...claims, iat: nowSeconds - 100, exp: nowSeconds - 10 })), 'token_expired'],
    ['expired in 1970', resign((claims) => ({ ...claims, iat: 0, exp: 1 })), 'token_expired'],
    ['nbf later', resign((claims) => ({ ...claims, nbf: nowSeconds + 60 })), 'token_not_yet_valid'],
    ['iat later', resign((claims) => ({ ...claims, iat: nowSeconds + 60 })), 'token_not_yet_valid'],
    ['nbf text', resign((claims) => ({ ...claims, nbf: String(nowSeconds) })), 'claim_invalid'],
  ])
})

test('the audience is this resource, whole and alone', async (t) => {
  const { it, resign } = await start(t)
  const wrong = [
    '',
    `${audience}/`,
    audience.toUpperCase(),
    audience.slice(0, -1),
    `${audience}.evil.test`,
    ` ${audience}`,
    [],
    ['other'],
    [audience, 'https://other.test'],
    [[]],
  ]
  const withAud = (aud: unknown) => resign((claims) => ({ ...claims, aud }))
  await expectAll(
    it,
    wrong.map(
      (aud) =>
        [
          `aud ${JSON.stringify(aud)}`,
          withAud(aud),
          Array.isArray(aud) && Array.isArray(aud[0]) ? 'claim_invalid' : 'wrong_audience',
        ] as const,
    ),
  )
  await expectAll(
    it,
    [undefined, null, 1, {}, { 0: audience }, [1], [null]].map(
      (aud) => [`aud ${JSON.stringify(aud)}`, withAud(aud), 'claim_invalid'] as const,
    ),
  )
  assert.equal(await outcome(it, withAud([audience])), 'ACCEPTED')
})

test('the issuer is this one, to the letter', async (t) => {
  const { it, resign, issuer } = await start(t)
  const wrong = [
    `${issuer.url}/`,
    issuer.url.toUpperCase(),
    issuer.url.replace('http', 'https'),
    ` ${issuer.url}`,
    `${issuer.url}#`,
    'https://evil.test',
  ]
  await expectAll(
    it,
    wrong.map((iss) => [`iss ${iss}`, resign((claims) => ({ ...claims, iss })), 'wrong_issuer'] as const),
  )
  await expectAll(
    it,
    [undefined, null, '', 1, [issuer.url]].map(
      (iss) => [`iss ${JSON.stringify(iss)}`, resign((claims) => ({ ...claims, iss })), 'claim_invalid'] as const,
    ),
  )
})

test('a token without what a stop needs to find it by is refused', async (t) => {
  const { it, resign } = await start(t)
  const names = ['sub', 'client_id', 'jti', 'reeve']
  const values = [undefined, null, '', 1, [], ['nhi_1'], true]
  const cases = names.flatMap((name) =>
    values.map(
      (value) =>
        [
          `${name} ${JSON.stringify(value)}`,
          resign((claims) => ({ ...claims, [name]: value })),
          'claim_invalid',
        ] as const,
    ),
  )
  const inner = ['owner', 'credential', 'name', 'environment', 'tier', 'principal_type'].flatMap((name) =>
    values.map(
      (value) =>
        [
          `reeve.${name} ${JSON.stringify(value)}`,
          resign((claims) => ({ ...claims, reeve: { ...Object(claims.reeve), [name]: value } })),
          'claim_invalid',
        ] as const,
    ),
  )
  await expectAll(it, [
    ...cases,
    ...inner,
    ['instance', resign((claims) => ({ ...claims, reeve: { ...Object(claims.reeve), instance: 7 } })), 'claim_invalid'],
    [
      'workflow',
      resign((claims) => ({ ...claims, reeve: { ...Object(claims.reeve), workflow: 'build' } })),
      'claim_invalid',
    ],
    [
      'a person',
      resign((claims) => ({ ...claims, reeve: { ...Object(claims.reeve), principal_type: 'human' } })),
      'claim_invalid',
    ],
    ['another client', resign((claims) => ({ ...claims, client_id: 'nhi_2' })), 'claim_invalid'],
    ['scope as a list', resign((claims) => ({ ...claims, scope: ['orders.read'] })), 'claim_invalid'],
  ])
})

test('a member that is named twice is refused, also in an escaped spelling and inside', async (t) => {
  const { it, issuer, headerText, payloadText } = await start(t)
  const inPayload = (extra: string) => signRaw(issuer, headerText, payloadText.replace(/\}$/, `,${extra}}`))
  const inHeader = (extra: string) => signRaw(issuer, headerText.replace(/\}$/, `,${extra}}`), payloadText)
  await expectAll(it, [
    ['sub', inPayload('"sub":"nhi_admin"'), 'token_malformed'],
    ['escaped sub', inPayload('"\\u0073ub":"nhi_admin"'), 'token_malformed'],
    ['inside', inPayload('"x":{"a":1,"a":2}'), 'token_malformed'],
    ['inside an array', inPayload('"x":[{"a":1,"a":2}]'), 'token_malformed'],
    ['alg', inHeader('"alg":"none"'), 'token_malformed'],
    ['kid', inHeader('"kid":"ES256-1"'), 'token_malformed'],
    [
      'same names in different objects',
      inPayload('"x":[{"a":1},{"a":2}],"y":{"sub":"\\"","aud":{"sub":1}}'),
      'ACCEPTED',
    ],
  ])
})

test('what is not one JSON object in sound UTF-8 is refused, however it is signed', async (t) => {
  const { it, issuer, headerText, payloadText } = await start(t)
  const payloads = [
    '',
    'null',
    '[]',
    '1',
    '"text"',
    '{',
    `${payloadText} x`,
    `\ufeff${payloadText}`,
    `${payloadText}\0`,
    `{"a":${'['.repeat(2_000)}${']'.repeat(2_000)}}`,
    payloadText.replace('{', '{/**/'),
  ]
  await expectAll(
    it,
    payloads.map(
      (payload) =>
        [`payload ${payload.slice(0, 12)}`, signRaw(issuer, headerText, payload), 'token_malformed'] as const,
    ),
  )
  await expectAll(it, [
    [
      'broken UTF-8',
      signRaw(issuer, headerText, new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])),
      'token_malformed',
    ],
    ...['', 'null', '[]', '{', `\ufeff${headerText}`].map(
      (header) => [`header ${header}`, signRaw(issuer, header, payloadText), 'token_malformed'] as const,
    ),
    ['a prototype in the claims', signRaw(issuer, headerText, '{"__proto__":{"sub":"nhi_1"}}'), 'claim_invalid'],
  ])
})

test('base64url has one spelling: padding, other letters, spaces and loose bits are refused', async (t) => {
  const { it, header, payload, signature } = await start(t)
  const loose = (part: string) => `${part.slice(0, -1)}${String.fromCharCode(part.charCodeAt(part.length - 1) + 1)}`
  const bad = (name: string, token: string) => [name, token, 'token_malformed'] as const
  await expectAll(it, [
    bad('padded', `${header}.${payload}.${signature}==`),
    bad('plain base64', `${header}.${payload}.${signature.slice(0, -2)}+/`),
    bad('a break', `${header}.${payload}.${signature}\n`),
    bad('a break inside', `${header}.${payload.slice(0, 8)}\n${payload.slice(8)}.${signature}`),
    bad('a NUL', `${header}.${payload}.${signature}\0`),
    bad('loose bits in the signature', `${header}.${payload}.${loose(signature)}`),
    bad('a letter too many', `${header}.${payload}.${signature}AAA`),
    bad('not ASCII', `${header}.${payload}.${signature}é`),
  ])
})

test('a signature of zeros, of another form or of another length is a wrong signature', async (t) => {
  const { it, issuer, header, payload, signature } = await start(t)
  const bytes = base64url.decode(signature)
  const n = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
  const zeros = new Uint8Array(32)
  const { privateKey } = issuer.keys.pair('ES256')
  const der = sign('sha256', Buffer.from(`${header}.${payload}`), KeyObject.from(privateKey))
  const forms = {
    zeros: new Uint8Array(64),
    'r = n': Buffer.concat([n, n]),
    's = 0': Buffer.concat([bytes.slice(0, 32), zeros]),
    'r = 0': Buffer.concat([zeros, bytes.slice(32)]),
    der,
    empty: new Uint8Array(0),
    short: bytes.slice(0, 63),
    long: Buffer.concat([bytes, new Uint8Array(1)]),
    ones: new Uint8Array(64).fill(255),
  }
  await expectAll(
    it,
    Object.entries(forms).map(
      ([name, form]) => [name, `${header}.${payload}.${base64url.encode(form)}`, 'bad_signature'] as const,
    ),
  )
})

test('an Ed25519 signature whose S was raised by the order of the group is refused', async (t) => {
  const { issuer, it } = await start(t)
  const token = await issuer.issue({ alg: 'EdDSA' })
  const [header, payload, signature = ''] = token.split('.')
  const bytes = base64url.decode(signature)
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const s = [...bytes.slice(32)].reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) + order
  const raised = Uint8Array.from({ length: 32 }, (_, at) => Number((s >> BigInt(8 * at)) & 255n))
  await expectAll(it, [
    ['S + L', `${header}.${payload}.${base64url.encode(Buffer.concat([bytes.slice(0, 32), raised]))}`, 'bad_signature'],
  ])
})

test('no prefix of a token and no token with one changed byte is ever accepted', async (t) => {
  const { it, good } = await start(t)
  const codes = new Set<string>()
  for (let at = 0; at < good.length; at += 1) {
    codes.add(await outcome(it, good.slice(0, at)))
    const flipped = String.fromCharCode(good.charCodeAt(at) ^ 1)
    codes.add(await outcome(it, good.slice(0, at) + flipped + good.slice(at + 1)))
  }
  assert.deepEqual(
    [...codes].filter((code) => !refusals.has(code)),
    [],
  )
  assert.equal(await outcome(it, good), 'ACCEPTED')
})

const refusals = new Set([
  'token_missing',
  'token_malformed',
  'request_malformed',
  'algorithm_refused',
  'wrong_type',
  'unknown_key',
  'bad_signature',
  'critical_header',
])

test('what is not a signed token of three parts, or is far too large, is refused before it is decoded', async (t) => {
  const { it, good, header, payload } = await start(t)
  const jwe = await new CompactEncrypt(new TextEncoder().encode('{}'))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(new Uint8Array(32))
  await expectAll(it, [
    ['nothing', '', 'token_missing'],
    ['one part', header, 'token_malformed'],
    ['two parts', `${header}.${payload}`, 'token_malformed'],
    ['four parts', `${good}.`, 'token_malformed'],
    ['dots', '...', 'token_malformed'],
    ['empty parts', '..', 'token_malformed'],
    ['an encrypted token', jwe, 'token_malformed'],
    ['an opaque token', 'reeve_0123456789abcdefghij', 'token_malformed'],
    ['a header of 1 MB', `${'A'.repeat(1_048_576)}.${payload}.AAAA`, 'token_too_large'],
    ['100,000 dots', '.'.repeat(100_000), 'token_too_large'],
    ['10 MB of spaces', ' '.repeat(10_485_760), 'token_too_large'],
    ['a bearer of 10 MB of spaces', `Bearer ${' '.repeat(10_485_760)}`, 'token_too_large'],
    ['16,000 dots', '.'.repeat(16_000), 'token_malformed'],
  ])
})
