import assert from 'node:assert/strict'
import { generateKeyPairSync, hash, randomBytes, X509Certificate } from 'node:crypto'
import { sql } from 'kysely'
import { type Certificate, headerOf, makeCertificate, x509 } from '../../../test/certificates.ts'
import { createClientCertificates } from '../../src/edge/http/client-certificates.ts'
import type { Signal } from '../../src/kit/operation.ts'
import {
  type Answer,
  assertionForm,
  ORDERS,
  onEveryBroker,
  post,
  postSecret,
  setUpOrders,
  signAssertion,
  type TestBroker,
} from '../broker.ts'
import { type ForeignIssuer, openIssuer } from '../fakes/foreign-issuer.ts'
import { openTrustDomain, type TrustDomain } from '../fakes/trust-domain.ts'

const ACCESS = 'urn:ietf:params:oauth:token-type:access_token'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const REASON = { reason: 'test' }
/** A registered authorization server, for which grants are made here (ID-JAG §4.3). */
const CHAT = 'https://chat.example.com'
const DAY_MS = 86_400_000

/** Those outside who vouch for workloads. */
interface Outside {
  readonly issuer: ForeignIssuer
  readonly domain: TrustDomain
  readonly ca: Certificate
}

/** An identity with one credential of each kind, and everything that it could get by them. */
interface Workload {
  readonly id: string
  readonly credentials: readonly string[]
  readonly paths: Readonly<Record<string, () => Promise<Answer>>>
  /** A token of it with which another may act. */
  delegated(actor: string): Promise<Answer>
}

const addWorkload = async (test: TestBroker, { issuer, domain, ca }: Outside, id: string, other?: Workload) => {
  const { decisions } = test
  test.subjects.put(id)
  decisions.grant(id, ORDERS, ['orders.read'])
  decisions.grant(id, CHAT, ['chat.read'])
  test.exceptions.add('credential.api-key', id, new Date(test.room.clock.now().getTime() + 86_400_000))
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const add = (input: object) => test.call('broker.credential.add', { identity: id, ...input })
  const secret = await add({ kind: 'client-secret' })
  const key = await add({ kind: 'public-key', publicKey: publicKey.export({ format: 'jwk' }) })
  const apiKey = await add({ kind: 'api-key', resource: ORDERS, actions: ['orders.read'] })
  const webhook = await add({ kind: 'webhook-secret', resource: ORDERS, actions: ['orders.read'] })
  const time = test.room.clock.now().getTime()
  const life = { from: new Date(time - DAY_MS), to: new Date(time + DAY_MS) }
  const own = await makeCertificate({ ...life, subject: `CN=${id}` })
  const issued = await makeCertificate({ ...life, subject: `CN=${id} of the CA` }, ca)
  const selfSigned = await add({ kind: 'self-signed-tls', certificate: own.cert })
  const ofCa = await add({ kind: 'tls-client-auth', certificateName: { type: 'dn', value: `CN=${id} of the CA` } })
  const keySet = await add({ kind: 'public-key', jwksUri: `${issuer.url}/keys/${id}` })
  const bound = await add({ kind: 'bound-key' })
  const trusts = []
  for (const of of [
    { issuer: issuer.url, audience: test.url, claims: { sub: `pipeline:${id}` } },
    { issuer: issuer.url, platform: 'id-jag', claims: { sub: `user:${id}` } },
    { issuer: `spiffe://${domain.name}`, claims: { sub: spiffeOf(id) }, bundleUrl: domain.bundleUrl },
  ])
    trusts.push(await test.call('broker.trust.add', { identity: id, ...of }))
  await test.room.changes.catchUp()
  const form = { grant_type: 'client_credentials', resource: ORDERS }
  const assertion = () => signAssertion(test, privateKey, { iss: id, sub: id })
  const foreign = () =>
    issuer.sign({ sub: `pipeline:${id}`, aud: test.url, jti: test.room.random.id('jti') }, { typ: 'JWT' })
  const ofSecret = { client_id: id, client_secret: secret.secret }
  const ask = async (path: string, of: Record<string, string>, headers: Record<string, string> = {}) =>
    (await post(test, path, of, headers)).body
  const machine = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const attempts = { 1: randomBytes(16).toString('base64url'), 2: randomBytes(16).toString('base64url') }
  const useBound = async (generation: 1 | 2, more: object) => {
    const use = { reeve_generation: generation, reeve_attempt: attempts[generation], ...more }
    const proof = await signAssertion(test, machine.privateKey, { iss: id, sub: id, ...use })
    return ask('/oauth/token', { ...form, ...assertionForm(proof) })
  }
  await useBound(1, { reeve_join: bound.secret, reeve_key: machine.publicKey.export({ format: 'jwk' }) })
  // Got before anything happens: what it holds already must not go on either.
  const held: string = (await ask('/oauth/token', { ...form, ...ofSecret })).access_token
  const paths: Record<string, () => Promise<Answer>> = {
    client_secret: () => ask('/oauth/token', { ...form, ...ofSecret }),
    private_key_jwt: async () => ask('/oauth/token', { ...form, ...assertionForm(await assertion()) }),
    'api key at the token endpoint': () =>
      ask('/oauth/token', { ...form, client_id: id, client_secret: apiKey.secret }),
    'platform token as the grant': async () =>
      ask('/oauth/token', {
        ...form,
        grant_type: BEARER,
        assertion: await foreign(),
      }),
    'platform token as the client': async () => ask('/oauth/token', { ...form, ...assertionForm(await foreign()) }),
    self_signed_tls_client_auth: () =>
      ask('/oauth/token', { ...form, client_id: id }, { 'client-cert': headerOf(own) }),
    tls_client_auth: () => ask('/oauth/token', { ...form, client_id: id }, { 'client-cert': headerOf(issued) }),
    'private_key_jwt by a key set': async () => {
      const claims = { iss: id, sub: id, aud: test.url, jti: test.room.random.id('jti') }
      return ask('/oauth/token', { ...form, ...assertionForm(await issuer.sign(claims)) })
    },
    'bound key': () => useBound(2, { reeve_previous: hash('sha256', attempts[1], 'base64url') }),
    'JWT-SVID': async () =>
      ask('/oauth/token', { ...form, ...assertionForm(await domain.svid({ sub: spiffeOf(id), aud: [test.url] })) }),
    'grant of a trusted server (ID-JAG)': async () => {
      const claims = { sub: `user:${id}`, aud: test.url, client_id: id, jti: test.room.random.id('jti') }
      const assertion = await issuer.sign(claims, { typ: 'oauth-id-jag+jwt' })
      return ask('/oauth/token', { grant_type: BEARER, assertion, resource: ORDERS, ...ofSecret })
    },
    'grant for another server (ID-JAG)': () =>
      ask('/oauth/token', {
        ...{ grant_type: EXCHANGE, subject_token: held, subject_token_type: ACCESS, audience: CHAT },
        ...{ requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag', ...ofSecret },
      }),
    'exchange of what it holds, by itself': () =>
      ask('/oauth/token', {
        ...{ grant_type: EXCHANGE, subject_token: held, subject_token_type: ACCESS, resource: ORDERS },
        ...ofSecret,
      }),
  }
  if (other !== undefined) {
    const subject: string = (await other.delegated(id)).access_token
    decisions.letActFor(id, other.id)
    paths['exchange for another'] = () =>
      ask('/oauth/token', {
        ...{ grant_type: EXCHANGE, subject_token: subject, subject_token_type: ACCESS, resource: ORDERS },
        ...ofSecret,
      })
  }
  // §4.4: whose token it is says itself who may act with it.
  const delegated = (actor: string) => ask('/oauth/token', { ...form, ...ofSecret, may_act: actor })
  const all = [secret, key, apiKey, webhook, selfSigned, ofCa, keySet, bound, ...trusts]
  const credentials = all.map(({ credential }) => String(credential.id))
  return { id, credentials, paths, delegated }
}

const spiffeOf = (id: string): string => `spiffe://acme.example/${id}`

/** What happens to whom, by which code every path is closed then. */
const STATES: Readonly<
  Record<
    string,
    {
      readonly does: (test: TestBroker, of: Workload, outside: Outside) => Promise<unknown>
      /** The paths that it closes, where it leaves others open; all of them without. */
      readonly closes?: RegExp
      /** Of what stops more than the workload. */
      readonly undo?: (test: TestBroker, outside: Outside) => Promise<unknown>
      readonly codes: readonly string[]
    }
  >
> = {
  ...Object.fromEntries(
    ['requested', 'quarantined', 'disabled', 'retired', 'unmanaged'].map((state) => [
      `identity ${state}`,
      { does: (test: TestBroker, { id }: Workload) => change(test, id, { state }), codes: ['identity_stopped'] },
    ]),
  ),
  'identity expired': {
    does: (test, { id }) => change(test, id, { expiresAt: test.room.clock.now() }),
    codes: ['identity_stopped'],
  },
  'identity stopped': { does: (test, { id }) => stop(test, 'identity', id), codes: ['identity_stopped'] },
  'identity moved to another environment': {
    does: (test, { id }) => change(test, id, { environment: 'staging' }),
    codes: ['resource_not_registered', 'exchange_subject_denied', 'subject_token_refused'],
  },
  'identity moved to a team that is stopped': {
    does: async (test, { id }) => {
      await stop(test, 'owner', 'team_bad')
      await change(test, id, { owner: { id: 'team_bad', name: 'bad' } })
    },
    codes: ['identity_stopped'],
  },
  'its team quarantined': {
    does: async (test, { id }) => {
      await change(test, id, { owner: { id: `team_of_${id}`, name: 'own' } })
      await stop(test, 'owner', `team_of_${id}`)
    },
    codes: ['identity_stopped'],
  },
  'resources moved to another environment': {
    does: async ({ decisions }) => setUpResources(decisions, 'staging'),
    undo: async ({ decisions }) => setUpResources(decisions, 'production'),
    codes: ['resource_not_registered', 'exchange_subject_denied', 'subject_token_refused'],
  },
  'the platform that vouches for it quarantined': {
    does: (test, _of, { issuer }) => moveIssuer(test, 'quarantine', issuer.url),
    undo: (test, { issuer }) => moveIssuer(test, 'release', issuer.url),
    closes: /^(platform token|grant of a trusted server)/,
    codes: ['identity_stopped'],
  },
  'its trust domain quarantined': {
    does: (test, _of, { domain }) => moveIssuer(test, 'quarantine', `spiffe://${domain.name}`),
    undo: (test, { domain }) => moveIssuer(test, 'release', `spiffe://${domain.name}`),
    closes: /^JWT-SVID$/,
    codes: ['identity_stopped'],
  },
  'the key that signed what it holds withdrawn': {
    does: async (test) => {
      await test.call('broker.key.rotate', { algorithm: 'ES256', isUrgent: true, ...REASON })
      await test.room.changes.catchUp()
    },
    closes: /^(exchange|grant for another server)/,
    codes: ['subject_token_refused'],
  },
  'credentials quarantined': {
    does: (test, { credentials }) => each(test, 'broker.credential.quarantine', credentials),
    codes: ['credential_stopped'],
  },
  'credentials revoked': {
    does: (test, { credentials }) => each(test, 'broker.credential.revoke', credentials),
    codes: ['credential_stopped', 'client_not_proven', 'federation_refused'],
  },
  'credentials expired': {
    does: async (test, { id, credentials }) => {
      const expires_at = test.room.clock.now().getTime()
      await test.room.database.write((tx) =>
        tx.updateTable('broker_credential').set({ expires_at }).where('identity', '=', id).execute(),
      )
      await tell(test, [...credentials.map((key) => ({ topic: 'credential', key })), { topic: 'identity', key: id }])
    },
    codes: ['credential_expired', 'client_not_proven', 'federation_refused'],
  },
  'its issuer quarantined': {
    does: (test) => moveIssuer(test, 'quarantine', test.url),
    undo: (test) => moveIssuer(test, 'release', test.url),
    codes: ['identity_stopped', 'subject_token_refused'],
  },
  'grant taken away': {
    does: async ({ decisions }, { id }) => {
      for (const uri of [ORDERS, CHAT]) decisions.grant(id, uri, [])
      decisions.letActFor(id, 'nhi_other', false)
    },
    codes: ['token_denied', 'exchange_subject_denied', 'delegation_denied'],
  },
}

const setUpResources = (decisions: TestBroker['decisions'], environment: string): void => {
  decisions.addResource(ORDERS, { id: 'res_orders', servedBy: ['nhi_orders_api'], environment })
  decisions.addResource(CHAT, { id: 'res_chat', isAuthorizationServer: true, actions: ['chat.read'], environment })
}

const moveIssuer = async (test: TestBroker, verb: 'quarantine' | 'release', issuer: string): Promise<void> => {
  await test.call(`broker.issuer.${verb}`, { issuer, ...REASON })
  await test.room.changes.catchUp()
}

const change = async (test: TestBroker, id: string, fields: object): Promise<void> => {
  test.subjects.put(id, fields)
  await tell(test, [{ topic: 'identity', key: id }])
}

const stop = async (test: TestBroker, scope: 'identity' | 'owner', id: string): Promise<void> => {
  const now = test.room.clock.now()
  const placed = await test.room.database.write((tx) =>
    test.broker.stops.stop(tx, { scope, id, verb: 'quarantine', reason: 'test', by: null, now, until: null }),
  )
  await tell(test, placed.signals)
}

const tell = async (test: TestBroker, signals: readonly Signal[]): Promise<void> => {
  await test.room.database.write((tx) => test.room.changes.signal(tx, signals))
  await test.room.changes.catchUp()
}

const each = async (test: TestBroker, name: string, credentials: readonly string[]): Promise<void> => {
  for (const credential of credentials) await test.call(name, { credential, ...REASON })
  await test.room.changes.catchUp()
}

const CELLS_MIN = 250

// Good at the time of the tests, which is not that of the machine.
const ca = await makeCertificate({
  subject: 'CN=Clients',
  extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  ...{ from: new Date('2026-01-01'), to: new Date('2030-01-01') },
})
const cas = [new X509Certificate(ca.cert)]

onEveryBroker(
  'V5: whatever of an identity is stopped, over, moved or taken away, no path gives it a token, each by a code of its own',
  async (test, t) => {
    setUpOrders(test)
    setUpResources(test.decisions, 'production')
    const { now } = test.room.clock
    const outside = { issuer: await openIssuer(now), domain: await openTrustDomain(now), ca }
    t.after(() => {
      outside.issuer.close()
      outside.domain.close()
    })
    const other = await addWorkload(test, outside, 'nhi_other')
    let cells = 0
    const wrong: string[] = []
    const look = async (
      when: string,
      { paths }: Workload,
      codesOf: (path: string) => readonly (string | undefined)[],
    ) => {
      for (const [path, ask] of Object.entries(paths)) {
        const { access_token, code } = await ask()
        if ((access_token === undefined) !== (code !== undefined) || !codesOf(path).includes(code))
          wrong.push(`${when}, ${path}: ${code ?? 'a token'}`)
        cells++
      }
    }
    await look('before', await addWorkload(test, outside, 'nhi_first', other), () => [undefined])
    for (const [index, [state, { does, undo, closes, codes }]] of Object.entries(STATES).entries()) {
      const workload = await addWorkload(test, outside, `nhi_w${index}`, other)
      await does(test, workload, outside)
      await look(state, workload, (path) => (closes === undefined || closes.test(path) ? codes : [undefined]))
      await undo?.(test, outside)
    }
    assert.deepEqual(wrong, [])
    t.diagnostic(`V5: ${Object.keys(STATES).length} states, ${cells} cells`)
    assert.ok(cells >= CELLS_MIN, `${cells} cells`)
  },
  {
    certificates: createClientCertificates(['127.0.0.0/8']),
    clientCas: () => cas,
  },
)

onEveryBroker(
  'V9: where a stop cannot be kept, whoever asked for it is told so, and nothing of it holds by half',
  async (test) => {
    setUpOrders(test)
    const { database } = test.room
    const run = (text: string) => database.write((tx) => sql.raw(text).execute(tx))
    const isPostgres = database.engine === 'postgres'
    if (isPostgres)
      await run(`create or replace function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$`)
    const failing = async (table: string, body: () => Promise<void>) => {
      const act = isPostgres ? 'for each row execute function refuse()' : `begin select raise(abort, 'no'); end`
      await run(`create trigger refuse before insert on ${table} ${act}`)
      await body()
      await run(isPostgres ? `drop trigger refuse on ${table}` : 'drop trigger refuse')
    }
    const { credential, secret } = await test.call('broker.credential.add', {
      ...{ identity: 'nhi_sync', kind: 'client-secret' },
    })
    const { access_token: token } = (await postSecret(test, secret)).body
    const of = { client_id: 'nhi_sync', client_secret: secret }
    const isActive = async () => (await post(test, '/oauth/introspect', { ...of, token })).body.active
    const calls: readonly (readonly [string, object])[] = [
      ['broker.credential.quarantine', { credential: credential.id }],
      ['broker.credential.revoke', { credential: credential.id }],
      ['broker.token.quarantine', { token }],
      ['broker.token.revoke', { token }],
      ['broker.instance.quarantine', { identity: 'nhi_sync', instance: 'pod-1' }],
      ['broker.issuer.quarantine', { issuer: test.url }],
    ]
    for (const table of ['broker_stop', 'broker_revocation', 'ledger_unnumbered']) {
      await failing(table, async () => {
        for (const [name, input] of calls)
          await assert.rejects(test.call(name, { ...input, ...REASON }), `${name} without ${table}`)
        const { status } = await post(test, '/oauth/revoke', { ...of, token })
        assert.ok(status >= 500, `RFC 7009 without ${table}: ${status}`)
      })
      assert.equal(await isActive(), true, table)
    }
    assert.deepEqual(await database.reader.selectFrom('broker_stop').selectAll().execute(), [])
    for (const [name, input] of calls.slice(2, 4)) await test.call(name, { ...input, ...REASON })
    await test.room.changes.catchUp()
    assert.equal(await isActive(), false)
  },
)
