import assert from 'node:assert/strict'
import { createHmac, createPublicKey, KeyObject, sign } from 'node:crypto'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { base64url, CompactEncrypt, exportSPKI } from 'jose'
import { encode, expectAll, outcome, signRaw, startAttack } from '../../test/attack.ts'
import type { Verifier } from './verifier.ts'

test('T1: an algorithm "none" is refused in every casing, with and without a signature', async (t) => {
  const { it, payload, signature } = await startAttack(t)
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

test('T1: the key decides the algorithm: every other one is refused, also a public key used as an HMAC secret', async (t) => {
  const { issuer, it, payload, payloadText } = await startAttack(t)
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

test('T1: a token that brings its own key, in any of the ways there are, is refused', async (t) => {
  const { issuer, it, withHeader } = await startAttack(t)
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

test('T1: a header that must be understood and is not, or an unencoded payload, is refused', async (t) => {
  const { it, withHeader } = await startAttack(t)
  const crits = [['exp'], ['b64'], [], ['unknown'], ['alg'], 'b64', null, {}]
  await expectAll(it, [
    ...crits.map((crit) => [`crit ${JSON.stringify(crit)}`, withHeader({ crit }), 'critical_header'] as const),
    ['b64 false', withHeader({ b64: false }), 'critical_header'],
    ['b64 false and crit', withHeader({ b64: false, crit: ['b64'] }), 'critical_header'],
  ])
})

test('T1: a key id is looked up by itself only: no path, no query, no prototype, no other form', async (t) => {
  const { it, withHeader, issuer } = await startAttack(t)
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

test('T6: another kind of token of the same issuer does not pass for an access token', async (t) => {
  const { it, withHeader } = await startAttack(t)
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

test('T1: base64url has one spelling: padding, other letters, spaces and loose bits are refused', async (t) => {
  const { it, header, payload, signature } = await startAttack(t)
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

test('T1: a signature of zeros, of another form or of another length is a wrong signature', async (t) => {
  const { it, issuer, header, payload, signature } = await startAttack(t)
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

test('T1: an Ed25519 signature whose S was raised by the order of the group is refused', async (t) => {
  const { issuer, it } = await startAttack(t)
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

test('T2: no prefix of a token and no token with one changed byte is ever accepted', async (t) => {
  const { it, good } = await startAttack(t)
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

test('T3: what is not a signed token of three parts, or is far too large, is refused before it is decoded', async (t) => {
  const { it, good, header, payload } = await startAttack(t)
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

test('T3: what is far too large costs neither memory nor time before it is refused', async (t) => {
  const { it, payload } = await startAttack(t)
  const tokens = [
    ['a header of 1 MB', `${'A'.repeat(1_048_576)}.${payload}.AAAA`],
    ['100,000 dots', '.'.repeat(100_000)],
    ['10 MB of spaces', ' '.repeat(10_485_760)],
    ['a bearer of 10 MB of spaces', `Bearer ${' '.repeat(10_485_760)}`],
  ] as const
  const little = await leastOf(it, `${'A'.repeat(17_000)}.${payload}.AAAA`)
  for (const [name, token] of tokens) {
    const least = await leastOf(it, token)
    // Read once from end to end, 10 MB would take at least ten times as long as one that is hardly too large.
    assert.ok(least.ms < LITTLES_MAX * little.ms, `${name}: ${least.ms} ms, and hardly too large ${little.ms} ms`)
    assert.ok(least.bytes < 2 * 1024 * 1024, `${name}: ${least.bytes} bytes`)
  }
})

const ROUNDS = 7
const LITTLES_MAX = 6

/** What one round takes for another reason, another does not: it is refused as cheaply as in the cheapest of them. */
const leastOf = async (it: Verifier, token: string): Promise<{ readonly ms: number; readonly bytes: number }> => {
  const least = { ms: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }
  for (let round = 0; round < ROUNDS; round++) {
    collectGarbage()
    const before = heldBytes()
    const from = performance.now()
    await assert.rejects(it.verify(token))
    least.ms = Math.min(least.ms, performance.now() - from)
    least.bytes = Math.min(least.bytes, heldBytes() - before)
  }
  return least
}

const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

const heldBytes = (): number => {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
