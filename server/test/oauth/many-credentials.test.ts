import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { sql } from 'kysely'
import {
  addKey,
  addSecret,
  assertionForm,
  ORDERS,
  onEveryBroker,
  post,
  postSecret,
  setUpOrders,
  signAssertion,
  type TestBroker,
} from '../broker.ts'

/** Copies a credential of the broker under other ids and secrets: as many as a test needs, at once. */
const copy = (test: TestBroker, id: string, count: number, state = 'active') =>
  test.room.database.write(async (tx) => {
    const row = await tx.selectFrom('broker_credential').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    const rows = Array.from({ length: count }, (_, at) => ({
      ...row,
      ...{
        id: `crd_${state}_${at}`,
        secret_hash: hash('sha256', `${state} ${at}`, 'base64url'),
        created_at: row.created_at + at + 1,
        state,
      },
    }))
    for (let at = 0; at < rows.length; at += 100)
      await tx
        .insertInto('broker_credential')
        .values(rows.slice(at, at + 100))
        .execute()
    await test.room.changes.signal(tx, [{ topic: 'identity', key: 'nhi_sync' }])
  })

onEveryBroker(
  'of a thousand credentials the first one works, one more is refused, and none stops without a word',
  async (test) => {
    setUpOrders(test)
    const first = await addSecret(test)
    await copy(test, first.id, 998)
    // What is over, however much there is of it, counts for nothing.
    await copy(test, first.id, 1_200, 'retired')
    const { secret } = await addSecret(test)
    await test.room.changes.catchUp()
    for (const one of [first.secret, secret]) assert.equal((await postSecret(test, one)).status, 200)
    const add = { identity: 'nhi_sync', kind: 'client-secret' }
    await assert.rejects(test.call('broker.credential.add', add), { code: 'credential_too_many' })
    await test.call('broker.credential.revoke', { credential: 'crd_active_7', reason: 'nobody uses it' })
    await test.call('broker.credential.add', add)
    await test.room.changes.catchUp()
    assert.equal((await postSecret(test, first.secret)).status, 200)
  },
)

onEveryBroker('what has expired pushes out nothing that works', async (test) => {
  setUpOrders(test)
  const first = await addSecret(test)
  await copy(test, first.id, 1_200)
  await test.room.database.write((tx) =>
    sql`update broker_credential set expires_at = ${test.room.clock.now().getTime()} where id <> ${first.id}`.execute(
      tx,
    ),
  )
  await test.room.changes.catchUp()
  assert.equal((await postSecret(test, first.secret)).status, 200)
  await addSecret(test)
})

onEveryBroker(
  'of more than ten keys each works by its name, and who names none is told so in the event',
  async (test) => {
    setUpOrders(test)
    const first = await addKey(test)
    test.room.clock.advance(1_000)
    for (let at = 0; at < 11; at++) await addKey(test)
    const ask = async (header: object) =>
      post(test, '/oauth/token', {
        ...{ grant_type: 'client_credentials', resource: ORDERS },
        ...assertionForm(await signAssertion(test, first.privateKey, {}, { ...header })),
      })
    assert.equal((await ask({ kid: first.id })).status, 200)
    assert.equal((await ask({})).body.code, 'client_not_proven')
    const [event] = (await test.room.events()).filter(({ code }) => code === 'client_not_proven')
    assert.match(String(event?.evidence?.cause), /name the key by its kid/)
  },
)
