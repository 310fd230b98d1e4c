import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { sql } from 'kysely'
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

const ACCESS = 'urn:ietf:params:oauth:token-type:access_token'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const REASON = { reason: 'test' }

/** An identity with one credential of each kind, and everything that it could get by them. */
interface Workload {
  readonly id: string
  readonly credentials: readonly string[]
  readonly paths: Readonly<Record<string, () => Promise<Answer>>>
  /** A token of it with which another may act. */
  delegated(actor: string): Promise<Answer>
}

const addWorkload = async (test: TestBroker, issuer: ForeignIssuer, id: string, other?: Workload) => {
  const { decisions } = test
  test.subjects.put(id)
  decisions.grant(id, ORDERS, ['orders.read'])
  test.exceptions.add('credential.api-key', id, new Date(test.room.clock.now().getTime() + 86_400_000))
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const add = (input: object) => test.call('broker.credential.add', { identity: id, ...input })
  const secret = await add({ kind: 'client-secret' })
  const key = await add({ kind: 'public-key', publicKey: publicKey.export({ format: 'jwk' }) })
  const apiKey = await add({ kind: 'api-key', resource: ORDERS, actions: ['orders.read'] })
  const webhook = await add({ kind: 'webhook-secret', resource: ORDERS, actions: ['orders.read'] })
  const trust = await test.call('broker.trust.add', {
    ...{ identity: id, issuer: issuer.url, audience: test.url, claims: { sub: `pipeline:${id}` } },
  })
  await test.room.changes.catchUp()
  const form = { grant_type: 'client_credentials', resource: ORDERS }
  const assertion = () => signAssertion(test, privateKey, { iss: id, sub: id })
  const foreign = () =>
    issuer.sign({ sub: `pipeline:${id}`, aud: test.url, jti: test.room.random.id('jti') }, { typ: 'JWT' })
  const ofSecret = { client_id: id, client_secret: secret.secret }
  const ask = async (path: string, of: Record<string, string>) => (await post(test, path, of)).body
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
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: await foreign(),
      }),
    'platform token as the client': async () => ask('/oauth/token', { ...form, ...assertionForm(await foreign()) }),
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
  const credentials = [secret, key, apiKey, webhook, trust].map(({ credential }) => String(credential.id))
  return { id, credentials, paths, delegated }
}

/** What happens to whom, by which code every path is closed then. */
const STATES: Readonly<
  Record<
    string,
    {
      readonly does: (test: TestBroker, of: Workload) => Promise<unknown>
      /** Of what stops more than the workload. */
      readonly undo?: (test: TestBroker) => Promise<unknown>
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
    does: async (test) => {
      await test.call('broker.issuer.quarantine', { issuer: test.url, ...REASON })
      await test.room.changes.catchUp()
    },
    undo: async (test) => {
      await test.call('broker.issuer.release', { issuer: test.url, ...REASON })
      await test.room.changes.catchUp()
    },
    codes: ['identity_stopped', 'subject_token_refused'],
  },
  'grant taken away': {
    does: async ({ decisions }, { id }) => {
      decisions.grant(id, ORDERS, [])
      decisions.letActFor(id, 'nhi_other', false)
    },
    codes: ['token_denied', 'exchange_subject_denied', 'delegation_denied'],
  },
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

onEveryBroker(
  'V5: whatever of an identity is stopped, over, moved or taken away, no path gives it a token, each by a code of its own',
  async (test, t) => {
    setUpOrders(test)
    const issuer = await openIssuer(test.room.clock.now)
    try {
      const other = await addWorkload(test, issuer, 'nhi_other')
      let cells = 0
      const wrong: string[] = []
      const look = async (when: string, { paths }: Workload, codes: readonly (string | undefined)[]) => {
        for (const [path, ask] of Object.entries(paths)) {
          const { access_token, code } = await ask()
          if ((access_token === undefined) !== (code !== undefined) || !codes.includes(code))
            wrong.push(`${when}, ${path}: ${code ?? 'a token'}`)
          cells++
        }
      }
      await look('before', await addWorkload(test, issuer, 'nhi_first', other), [undefined])
      for (const [index, [state, { does, undo, codes }]] of Object.entries(STATES).entries()) {
        const workload = await addWorkload(test, issuer, `nhi_w${index}`, other)
        await does(test, workload)
        await look(state, workload, codes)
        await undo?.(test)
      }
      assert.deepEqual(wrong, [])
      t.diagnostic(`V5: ${Object.keys(STATES).length} states, ${cells} cells`)
    } finally {
      issuer.close()
    }
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
