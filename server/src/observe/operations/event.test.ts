import assert from 'node:assert/strict'
import { openCheckpoint, parseVkey, verifyConsistency, verifyExport, verifyInclusion } from '@reeve/sdk/ledger'
import Fastify from 'fastify'
import { someEvent } from '../../../test/ledger/log.ts'
import { nobody } from '../../../test/lifecycle.ts'
import { openObserve } from '../../../test/observe.ts'
import { adminCaller, onEveryEngine } from '../../../test/room.ts'
import { mountAuditExport } from '../../edge/http/audit.ts'
import { sendProblem } from '../../edge/http/problem.ts'
import { Fault } from '../../kit/fault.ts'

const bytes = (text: string): Buffer => Buffer.from(text, 'base64')

onEveryEngine('the log is read, searched and proven', async (room, t) => {
  const { call, log, close } = await openObserve(room)
  for (let at = 0; at < 30; at++) {
    room.clock.advance(1000)
    await log.append([{ ...someEvent(`per_${at % 3}`), outcome: at % 5 === 0 ? 'refused' : 'done' }])
  }
  await log.sequencer.flush()

  await t.test('the newest come last, and what follows a number comes without a gap', async () => {
    const newest = await call('event.tail', { limit: 5 })
    assert.deepEqual(
      newest.items.map(({ seq }: { seq: number }) => seq),
      [25, 26, 27, 28, 29],
    )
    const seen: number[] = []
    for (let after = -1; after < 29; ) {
      const page = await call('event.tail', { after, limit: 7 })
      seen.push(...page.items.map(({ seq }: { seq: number }) => seq))
      after = page.next
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 30 }, (_, at) => at),
    )
    assert.equal((await call('event.tail', { after: 29 })).next, 29)
  })
  await t.test('a search narrows by every filter, and pages newest first', async () => {
    const first = await call('event.search', { actor: 'per_1', limit: 4 })
    const rest = await call('event.search', { actor: 'per_1', limit: 100, cursor: first.nextCursor })
    const seqs = [...first.items, ...rest.items].map(({ seq }: { seq: number }) => seq)
    assert.deepEqual(seqs, [28, 25, 22, 19, 16, 13, 10, 7, 4, 1])
    const { at } = first.items[0]
    const count = async (filter: object) => (await call('event.search', { limit: 200, ...filter })).items.length
    assert.equal(await count({ outcome: 'refused', kind: 'inventory.identity.change' }), 6)
    assert.equal(await count({ from: at, kind: 'inventory.identity.change' }), 2)
    assert.equal(await count({ to: at, kind: 'inventory.identity.change' }), 28)
    assert.equal(await count({ on: 'nhi_1' }), 30)
    assert.equal(await count({ on: 'orders-sync' }), 0)
    assert.equal(await count({ decision: 'dec_none' }), 0)
    await log.sequencer.flush()
    assert.ok((await count({ decision: 'dec_test' })) > 0)
    await assert.rejects(call('event.search', { actor: 'per_2', cursor: first.nextCursor }), { code: 'bad_cursor' })
  })
  await t.test('what was committed is found at once, though it had no number yet', async () => {
    await log.append([someEvent('per_late')])
    assert.equal((await call('event.search', { actor: 'per_late' })).items.length, 1)
  })
  await t.test('an event is shown with a proof that another program can check', async () => {
    const { items } = await call('event.search', { actor: 'per_1', limit: 1 })
    for (const input of [{ event: items[0].id }, { seq: items[0].seq }]) {
      const shown = await call('event.show', input)
      const { size, root } = openCheckpoint(shown.checkpoint, [parseVkey(shown.vkey)])
      assert.equal(shown.event.seq, items[0].seq)
      const proof = shown.inclusion.hashes.map(bytes)
      const claim = { index: shown.event.seq, size, root, proof, leafHash: bytes(shown.leaf) }
      assert.ok(verifyInclusion(claim))
      assert.ok(!verifyInclusion({ ...claim, index: claim.index + 1 }))
    }
    await assert.rejects(call('event.show', {}), { code: 'event_unnamed' })
    await assert.rejects(call('event.show', { seq: 1, event: 'evt_1' }), { code: 'event_unnamed' })
    await assert.rejects(call('event.show', { seq: 100_000 }), { code: 'event_not_found' })
    await assert.rejects(call('event.show', { event: 'evt_none' }), { code: 'event_not_found' })
  })
  await t.test('two checkpoints are proven to be of one log', async () => {
    const old = await call('checkpoint.show', {})
    await log.append([someEvent('per_9'), someEvent('per_9')])
    const proven = await call('checkpoint.proof', { oldSize: old.size })
    const { size, root } = openCheckpoint(proven.checkpoint, [parseVkey(old.vkey)])
    const claim = {
      oldSize: old.size,
      newSize: size,
      oldRoot: bytes(old.root),
      newRoot: root,
      proof: proven.hashes.map(bytes),
    }
    assert.ok(size > old.size && verifyConsistency(claim))
    assert.ok(!verifyConsistency({ ...claim, oldRoot: root }))
    await assert.rejects(call('checkpoint.proof', { oldSize: 100_000 }), { code: 'size_outside_log' })
  })
  await t.test('an event and a request are explained; an unknown id is not', async () => {
    const { items } = await call('event.search', { outcome: 'refused', limit: 1 })
    const why = await call('why.show', { id: items[0].id })
    assert.match(why.summary, /refused/)
    assert.match(why.next, /reeve why dec_|reeve event show --event evt_/)
    const [ofTeam] = (await call('event.search', { on: 'nhi_1', limit: 1 })).items
    await call('why.show', { id: ofTeam.id })
    assert.ok((await call('why.show', { id: 'req_test' })).because.length > 5)
    for (const id of ['evt_none', 'req_none', 'fnd_none', 'xyz_1'])
      await assert.rejects(call('why.show', { id }), { code: 'nothing_to_explain' })
    const asked = (await room.events()).filter(({ kind, on }) => kind === 'observe.why.show' && on?.type === 'Team')
    assert.deepEqual([...new Set(asked.map(({ on }) => on?.name))], ['commerce'])
  })
  await close()
})

onEveryEngine('an export is streamed, authorised and recorded like any call, and verifies offline', async (room) => {
  const { log, operation, close } = await openObserve(room)
  const http = Fastify()
  http.setErrorHandler((error, _request, reply) => {
    assert.ok(error instanceof Fault)
    return sendProblem(reply, error, 'http://127.0.0.1', 'req_1')
  })
  let caller = adminCaller
  mountAuditExport(http, {
    operation: operation('event.export'),
    pipeline: room.pipeline,
    authenticate: async () => caller,
    database: room.database,
    clock: room.clock,
  })
  const get = (query = '') => http.inject({ url: `/audit/export${query}` })
  assert.equal((await get()).json().code, 'log_unsigned')
  for (let at = 0; at < 8; at++)
    await log.append(Array.from({ length: 200 }, () => someEvent('per_1', 'x'.repeat(200))))
  await log.sequencer.flush()

  const { vkey } = log.keeper
  const whole = (await get()).body.trimEnd().split('\n')
  const found = await verifyExport(whole, { vkey })
  assert.deepEqual([found.ok, found.problem], [true, undefined])
  assert.ok(found.entries >= 1600)
  const part = (await get('?fromSeq=1000')).body.trimEnd().split('\n')
  assert.equal((await verifyExport(part, { vkey })).ok, true)
  assert.equal((await get('?fromSeq=99999')).json().code, 'size_outside_log')
  assert.equal((await get('?fromSeq=x')).json().code, 'invalid_input')
  caller = nobody
  assert.equal((await get()).statusCode, 401)
  const ends = (await room.events()).filter(({ kind }) => kind === 'observe.event.export').map(({ code }) => code)
  assert.deepEqual(ends, ['log_unsigned', null, null, 'size_outside_log', 'invalid_input', 'unauthenticated'])
  await http.close()
  await close()
})
