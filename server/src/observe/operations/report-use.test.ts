import assert from 'node:assert/strict'
import { identityCaller } from '../../../test/lifecycle.ts'
import { ORDERS, openObserve } from '../../../test/observe.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { appendEvents } from '../../ledger/append.ts'
import type { LastUsed } from '../index.ts'
import { forgetOldUse, recentUse, recordLastUse } from '../index.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const server = identityCaller('nhi_one')

/** Writes into the log that this token was issued, as the token endpoint does. */
const issue = (
  room: Room,
  token: string,
  given: { identity?: string; audience?: string; instance?: string | null } = {},
) =>
  room.database.write((tx) => appendEvents(tx, [issued(token, given)], { random: room.random, now: room.clock.now() }))

const issued = (token: string, given: { identity?: string; audience?: string; instance?: string | null } = {}) => {
  const { identity = 'nhi_two', audience = ORDERS, instance = 'pod-1' } = given
  return {
    kind: 'broker.token.issue',
    outcome: 'done',
    code: null,
    actor: { principalType: 'nhi', id: identity, name: null },
    instance,
    credential: 'crd_1',
    token,
    workflow: null,
    on: null,
    change: [],
    decision: null,
    approval: null,
    evidence: { audience, lifetimeSeconds: 300 },
    tags: {},
    source: { ip: null, region: null, userAgent: null },
    correlation: { requestId: 'req_1', traceparent: null, cause: null },
  } as const
}

const TOKEN = 'a'.repeat(43)
const BARE = 'b'.repeat(43)

onEveryEngine('of very many tokens of an identity the one that is told with its second is found', async (room) => {
  const { call, close } = await openObserve(room)
  await issue(room, TOKEN)
  const issuedAt = Math.floor(room.clock.now().getTime() / 1000)
  room.clock.advance(10_000)
  await room.database.write(async (tx) => {
    const many = Array.from({ length: MANY }, (_, at) => issued(String(at).padStart(43, '0')))
    for (let at = 0; at < MANY; at += 500)
      await appendEvents(tx, many.slice(at, at + 500), { random: room.random, now: room.clock.now() })
  })
  const at = room.clock.now().toISOString()
  const told = { at, token: TOKEN, identity: 'nhi_two', audience: ORDERS, action: null, outcome: 'allowed' }
  const report = { ...told, code: null, ip: null }
  const acceptedOf = async (reports: readonly object[]) => (await call('use.report', { reports }, server)).accepted
  assert.equal(await acceptedOf([report]), 0, 'too many are looked through without its second')
  assert.equal(await acceptedOf([{ ...report, issuedAt }]), 1)
  assert.equal(await acceptedOf([{ ...report, issuedAt: issuedAt - 60 }]), 0, 'a wrong second finds nothing')
  const other = { ...report, token: String(MANY - 1).padStart(43, '0') }
  assert.equal(await acceptedOf([other, { ...report, issuedAt }]), 2, 'some with and some without')
  await close()
})

// More than are read of an identity for one batch.
const MANY = 2_100

onEveryEngine(
  'nobody reports the use of a token that was not issued to that identity, for that audience and as it is told',
  async (room) => {
    const { call, close } = await openObserve(room)
    await issue(room, TOKEN)
    await issue(room, 'c'.repeat(43), { identity: 'nhi_one' })
    await issue(room, 'd'.repeat(43), { audience: 'https://elsewhere.example' })
    const at = room.clock.now().toISOString()
    const usual = { at, token: TOKEN, identity: 'nhi_two', audience: ORDERS, action: null, outcome: 'allowed' }
    const report = (over = {}) => ({ ...usual, code: null, ip: null, ...over })
    const codesOf = async (reports: readonly object[]) =>
      (await call('use.report', { reports }, server)).refused.map(({ code }: { code: string }) => code)
    assert.deepEqual(
      await codesOf([
        report(),
        report({ token: 'z'.repeat(43) }),
        report({ token: 'c'.repeat(43) }),
        report({ token: 'd'.repeat(43) }),
        report({ token: 'd'.repeat(43), outcome: 'refused', code: 'wrong_audience' }),
        report({ credential: 'crd_2' }),
        report({ instance: 'pod-2' }),
        report({ action: 'orders.root' }),
      ]),
      ['unknown_token', 'unknown_token', 'unknown_token', 'unknown_token', 'unknown_token', 'unknown_action'],
    )
    room.clock.advance(10 * 60_000)
    const late = { at: room.clock.now().toISOString() }
    assert.deepEqual(
      await codesOf([report(late), report({ ...late, outcome: 'refused', code: 'token_expired' })]),
      ['time_out_of_range'],
      'after its end a token can only be refused',
    )
    await close()
  },
)

onEveryEngine(
  'what verifiers see is recorded as events of those who acted, and sets what was last used',
  async (room, t) => {
    const { call, log, close } = await openObserve(room)
    const { clock, database } = room
    const start = clock.now()
    await issue(room, TOKEN)
    await issue(room, BARE, { instance: null })
    const report = (over = {}) => ({
      at: clock.now().toISOString(),
      token: TOKEN,
      identity: 'nhi_two',
      credential: 'crd_1',
      instance: 'pod-1',
      audience: ORDERS,
      action: 'orders.read',
      outcome: 'allowed',
      code: null,
      ip: '192.0.2.1',
      ...over,
    })
    const marked: LastUsed[] = []
    const job = recordLastUse({
      database,
      clock,
      ports: {
        markUsed: async (_tx, used) => {
          marked.push(used)
        },
      },
    })

    await t.test('each report is an event of its own, by who reports, on the identity that acted', async () => {
      const answer = await call(
        'use.report',
        { reports: [report(), report({ token: BARE, action: null, instance: undefined })] },
        server,
      )
      assert.deepEqual(answer, { accepted: 2, refused: [] })
      const events = (await room.events()).filter(
        ({ evidence }) => evidence.audience === ORDERS && 'usedAt' in evidence,
      )
      assert.deepEqual(
        events.map(({ kind, actor, on, outcome, evidence }) => [
          kind,
          actor.id,
          on?.id,
          on?.name,
          outcome,
          evidence.usedToken,
          evidence.usedCredential,
          evidence.usedInstance,
        ]),
        [
          ['observe.use.report', 'nhi_one', 'nhi_two', 'orders-sync', 'done', TOKEN, 'crd_1', 'pod-1'],
          ['observe.use.report', 'nhi_one', 'nhi_two', 'orders-sync', 'done', BARE, 'crd_1', null],
        ],
      )
    })
    await t.test('a bad report is refused alone, and says which and why', async () => {
      const late = new Date(clock.now().getTime() - 31 * DAY_MS).toISOString()
      const early = new Date(clock.now().getTime() + DAY_MS).toISOString()
      const reports = [
        report({ audience: 'https://elsewhere.example' }),
        report({ identity: 'nhi_unknown' }),
        report({ at: late }),
        report({ at: early }),
        report({ outcome: 'refused', code: 'token_expired' }),
      ]
      assert.deepEqual(await call('use.report', { reports }, server), {
        accepted: 1,
        refused: [
          { index: 0, code: 'not_served_by_you' },
          { index: 1, code: 'unknown_token' },
          { index: 2, code: 'time_out_of_range' },
          { index: 3, code: 'time_out_of_range' },
        ],
      })
      const foreign = await call('use.report', { reports: [report()] }, identityCaller('nhi_two'))
      assert.equal(foreign.accepted, 0)
    })
    await t.test('a person reports nothing, and no batch is larger than 500', async () => {
      await assert.rejects(call('use.report', { reports: [] }), { code: 'wrong_principal_type' })
      const many = { reports: Array.from({ length: 501 }, () => report()) }
      await assert.rejects(call('use.report', many, server), { code: 'invalid_input' })
    })
    await t.test('the log’s follower records what was used, once, and a refusal is no use', async () => {
      clock.advance(1000)
      await call('use.report', { reports: [report(), report({ at: start.toISOString() })] }, server)
      await log.sequencer.flush()
      await job.run(clock.now())
      await job.run(clock.now())
      // The calls that brought the reports are of the same kind, and `nhi_one` made them: telling is no use.
      assert.equal(marked.length, 1)
      assert.deepEqual(marked[0], {
        identities: [{ id: 'nhi_two', at: clock.now() }],
        credentials: [{ id: 'crd_1', at: clock.now() }],
        instances: [{ identity: 'nhi_two', instance: 'pod-1', at: clock.now() }],
        // A report is of a token; from where its credential was presented, only the token endpoint saw.
        consumers: ['', 'pod-1'].map((instance) => ({ credential: 'crd_1', instance, address: '', at: start })),
        attempts: [],
      })
      const rows = await database.reader.selectFrom('observe_use').select(['action', 'instance', 'count']).execute()
      assert.deepEqual(
        rows.map(({ action, instance, count }) => `${action}|${instance}|${count}`).sort(),
        ['orders.read|pod-1|3', '||1'].sort(),
      )
    })
    await t.test('where it was seen lately is known, newest first, and a moment never moves backwards', async () => {
      await call('use.report', { reports: [report({ at: start.toISOString() })] }, server)
      await log.sequencer.flush()
      await job.run(clock.now())
      const used = await recentUse(database.reader, 'nhi_two', new Date(start.getTime() - DAY_MS))
      assert.deepEqual(used, [
        { resource: ORDERS, action: 'orders.read', at: clock.now(), instance: 'pod-1' },
        { resource: ORDERS, action: null, at: start, instance: null },
      ])
      assert.deepEqual(await recentUse(database.reader, 'nhi_two', new Date(clock.now().getTime() + 1)), [])
    })
    await t.test('it is forgotten when no review looks back that far', async () => {
      await forgetOldUse(database).run(new Date(clock.now().getTime() + 401 * DAY_MS))
      assert.deepEqual(await recentUse(database.reader, 'nhi_two', new Date(0)), [])
    })
    await close()
  },
)
