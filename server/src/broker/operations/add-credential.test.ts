import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { addKey, onEveryBroker, type TestBroker } from '../../../test/broker.ts'

const ADD = 'broker.credential.add'
const ecJwk = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
const add = (test: TestBroker, input: Record<string, unknown>) => test.call(ADD, { identity: 'nhi_sync', ...input })

onEveryBroker('a client secret is shown once and only its digest is kept anywhere', async (test) => {
  test.subjects.put('nhi_sync')
  const { credential, secret, verdict } = await add(test, { kind: 'client-secret', name: 'worker' })
  assert.match(secret, /^reeve_cs_production_[0-9A-Za-z]{49}$/)
  assert.equal(verdict, 'allowed')
  assert.deepEqual(
    [credential.state, credential.name, credential.actions],
    ['active', 'worker', ['quarantine', 'revoke', 'rotate']],
  )
  const days = (Date.parse(credential.expiresAt) - test.room.clock.now().getTime()) / 86_400_000
  assert.equal(days, 90)
  const shown = await test.call('broker.credential.show', { credential: credential.id })
  assert.deepEqual(shown.credential, credential)
  const { reader } = test.room.database
  for (const table of ['broker_credential', 'ledger_unnumbered', 'ledger_entry', 'ledger_kept', 'kit_change'])
    assert.ok(!JSON.stringify(await reader.selectFrom(table).selectAll().execute()).includes(secret), table)
})

onEveryBroker(
  'what is not preferred for an identity is a finding, and what is refused needs an exception',
  async (test) => {
    test.subjects.put('nhi_sync')
    await addKey(test)
    await add(test, { kind: 'client-secret' })
    assert.deepEqual(
      test.findings.reported.map(({ rule, severity, owasp, identity }) => [rule, severity, owasp, identity]),
      [
        ['credential-not-preferred', 'low', 'NHI4', 'nhi_sync'],
        ['credential-not-preferred', 'medium', 'NHI7', 'nhi_sync'],
      ],
    )
    for (const [kind, tier] of [
      ['bot', 'medium'],
      ['bot', 'high'],
      ['ci-job', 'low'],
      ['agent', 'low'],
      ['device', 'low'],
      ['account', 'low'],
    ] as const) {
      test.subjects.put('nhi_sync', { kind, tier })
      await assert.rejects(add(test, { kind: 'client-secret' }), { code: 'credential_kind_refused' }, `${kind} ${tier}`)
      assert.equal((await add(test, { kind: 'public-key', publicKey: ecJwk() })).verdict, 'allowed')
    }
    test.subjects.put('nhi_sync', { kind: 'bot', tier: 'high' })
    const now = test.room.clock.now().getTime()
    test.exceptions.add('credential.client-secret', 'nhi_sync', new Date(now + 30 * 86_400_000))
    const { credential, verdict } = await add(test, { kind: 'client-secret' })
    assert.deepEqual([verdict, credential.exception], ['refused', 'exc_0'])
    assert.equal((Date.parse(credential.expiresAt) - now) / 86_400_000, 7)
    assert.equal(test.findings.reported.at(-1)?.severity, 'high')
  },
)

onEveryBroker('no credential lives longer than its tier, its identity or its exception allows', async (test) => {
  const now = test.room.clock.now().getTime()
  const inDays = (days: number) => new Date(now + days * 86_400_000)
  test.subjects.put('nhi_sync')
  const ask = (expiresAt: Date) => add(test, { kind: 'client-secret', expiresAt: expiresAt.toISOString() })
  assert.equal((await ask(inDays(30))).credential.expiresAt, inDays(30).toISOString())
  const written = async (expiresAt: string) =>
    (await add(test, { kind: 'client-secret', expiresAt })).credential.expiresAt
  assert.equal(await written('30d'), inDays(30).toISOString())
  assert.equal(
    await written(inDays(30).toISOString().slice(0, 10)),
    `${inDays(30).toISOString().slice(0, 10)}T00:00:00.000Z`,
  )
  for (const none of ['0d', 'soon', '2027-02-30']) await assert.rejects(written(none), { code: 'invalid_input' })
  await assert.rejects(ask(inDays(91)), { code: 'credential_life_too_long' })
  await assert.rejects(ask(inDays(-1)), { code: 'invalid_input' })
  test.subjects.put('nhi_sync', { expiresAt: inDays(10) })
  await assert.rejects(ask(inDays(11)), { code: 'credential_life_too_long' })
  const { credential } = await add(test, { kind: 'client-secret' })
  assert.equal(credential.expiresAt, inDays(10).toISOString())
})

onEveryBroker('a private or symmetric key is refused in clear words and stored nowhere', async (test) => {
  test.subjects.put('nhi_sync')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  const jwk = privateKey.export({ format: 'jwk' })
  const { d: _d, ...rsaRest } = rsa
  const sent = [jwk, { kty: 'oct', k: 'c2VjcmV0c2VjcmV0' }, rsa, rsaRest, { ...ecJwk(), d: '' }]
  for (const publicKey of sent)
    await assert.rejects(add(test, { kind: 'public-key', publicKey }), { code: 'credential_key_private' })
  const { reader } = test.room.database
  const everything = JSON.stringify(await reader.selectFrom('ledger_entry').selectAll().execute())
  for (const secret of [jwk.d, rsa.d, rsa.p, 'c2VjcmV0c2VjcmV0']) assert.ok(!everything.includes(String(secret)))
  assert.deepEqual(await reader.selectFrom('broker_credential').selectAll().execute(), [])
})

onEveryBroker('a weak, malformed or unfitting key is refused', async (test) => {
  test.subjects.put('nhi_sync')
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  const good = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' })
  const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })
  const ec = ecJwk()
  const weak = [
    small,
    p384,
    x25519,
    {},
    { kty: 'RSA' },
    { ...ec, x: ec.y },
    { ...ec, alg: 'RS256' },
    { ...good, alg: 'ES256' },
    { ...good, alg: 'HS256' },
    { ...good, e: 'Aw' },
    { ...good, e: Buffer.alloc(5, 1).toString('base64url') },
    { ...ec, kty: 'EC2' },
  ]
  for (const publicKey of weak)
    await assert.rejects(
      add(test, { kind: 'public-key', publicKey }),
      { code: 'credential_key_weak' },
      JSON.stringify(publicKey),
    )
  const { credential } = await add(test, { kind: 'public-key', publicKey: { ...good, alg: 'RS256', kid: 'k1' } })
  assert.deepEqual([credential.algorithm, credential.keyId], ['RS256', 'k1'])
})

onEveryBroker('one key proves one identity, until it is revoked', async (test) => {
  test.subjects.put('nhi_sync')
  test.subjects.put('nhi_other')
  const publicKey = ecJwk()
  const { credential } = await add(test, { kind: 'public-key', publicKey })
  const again = () => test.call(ADD, { identity: 'nhi_other', kind: 'public-key', publicKey })
  await assert.rejects(again(), { code: 'credential_key_in_use' })
  await test.call('broker.credential.revoke', { credential: credential.id, reason: 'moved' })
  assert.equal((await again()).credential.thumbprint, credential.thumbprint)
})

onEveryBroker(
  'only an active identity that exists gets a credential, and of the kind that it asked for',
  async (test) => {
    test.subjects.put('nhi_sync', { state: 'quarantined' })
    await assert.rejects(add(test, { kind: 'client-secret' }), { code: 'identity_not_active' })
    await assert.rejects(test.call(ADD, { identity: 'nhi_no', kind: 'client-secret' }), { code: 'identity_not_found' })
    test.subjects.put('nhi_sync', { state: 'active' })
    await assert.rejects(add(test, { kind: 'public-key' }), { code: 'credential_key_missing' })
    await assert.rejects(add(test, { kind: 'client-secret', publicKey: ecJwk() }), { code: 'credential_key_missing' })
    await assert.rejects(add(test, { kind: 'client-secret', owner: 'x' }), { code: 'invalid_input' })
  },
)
