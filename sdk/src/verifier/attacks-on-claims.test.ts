import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectAll, outcome, signRaw, startAttack } from '../../test/attack.ts'
import { audience } from '../../test/fake-keys.ts'

test('T1: a time claim is a whole number of seconds within reach, or the token is refused', async (t) => {
  const { it, resign, nowSeconds, issuer, headerText, payloadText } = await startAttack(t)
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

test('T1: the audience is this resource, whole and alone', async (t) => {
  const { it, resign } = await startAttack(t)
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

test('T1: the issuer is this one, to the letter', async (t) => {
  const { it, resign, issuer } = await startAttack(t)
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
  const { it, resign } = await startAttack(t)
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

test('T1: a member that is named twice is refused, also in an escaped spelling and inside', async (t) => {
  const { it, issuer, headerText, payloadText } = await startAttack(t)
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
  const { it, issuer, headerText, payloadText } = await startAttack(t)
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
