import assert from 'node:assert/strict'
import { openLog } from '../../test/ledger/log.ts'
import { onEveryEngine } from '../../test/room.ts'
import type { EventDraft } from '../ledger/event.ts'
import { decidedOf, findDecision, keptTexts } from '../ledger/find-decision.ts'
import { countDecisions, recordedDecisions } from '../ledger/recorded-decisions.ts'
import { keptRequest } from './decide/recorded-request.ts'
import { readDecisions } from './read-decisions.ts'

const KEPT = keptRequest({
  of: 'token',
  principal: { type: 'Identity', id: 'nhi_till' },
  actions: ['orders.read'],
  resource: { type: 'Resource', id: 'res_orders' },
  context: {},
  entities: [],
  exception: null,
})

const draftOf = (id: string, evidence: EventDraft['evidence']): EventDraft => ({
  kind: 'broker.token.introspect',
  outcome: 'done',
  code: null,
  actor: { principalType: 'nhi', id: 'nhi_api', name: 'orders-api' },
  instance: null,
  credential: null,
  token: null,
  workflow: null,
  on: { type: 'Identity', id: 'nhi_till', name: 'till-7', environment: 'test', team: null },
  change: [],
  decision: {
    ...{ id, outcome: 'allow', enforced: true, policies: ['grant'], revision: 'one', missing: [] },
    request: KEPT.digest,
  },
  approval: null,
  evidence,
  tags: {},
  source: { ip: null, region: null, userAgent: null },
  correlation: { requestId: 'req_1', traceparent: null, cause: null },
})

const decisions = { find: findDecision, kept: keptTexts, decidedOf, recorded: recordedDecisions, count: countDecisions }

onEveryEngine(
  'each decision of an event that holds many uses is read, counted and named as one of its own',
  async (room) => {
    const drafts = [draftOf('dec_many', { active: true, uses: 3 }), draftOf('dec_one', { active: true })]
    await room.hot.run({ judge: () => ({ drafts, kept: [KEPT], value: true }) })
    const db = room.database.reader
    const from = new Date(0)
    const read = await readDecisions({ decisions }, db, { from, after: -1, limit: 100 })
    const names = ['dec_many.0', 'dec_many.1', 'dec_many.2', 'dec_one']
    assert.deepEqual([read.decisions, read.entries, read.lost], [4, 2, 0])
    assert.deepEqual(
      read.events.map(({ decision }) => decision.id),
      names,
    )
    assert.deepEqual(
      read.decided.map(({ events }) => events.length),
      [4],
    )
    // A page takes so many decisions, and not so many events.
    const log = await openLog(room)
    await log.sequencer.flush()
    await log.close()
    const page = await readDecisions({ decisions }, db, { from, after: -1, limit: 2 })
    assert.deepEqual([page.decisions, page.entries], [3, 1])
    const rest = await readDecisions({ decisions }, db, { from, after: page.last ?? -1, limit: 2 })
    assert.deepEqual([rest.decisions, rest.entries, rest.last], [1, 1, undefined])
    const newest = (limit: number) => decidedOf(db, 'nhi_api', 'done', limit)
    assert.deepEqual((await newest(100)).map(({ decision }) => decision).sort(), names.toSorted())
    assert.equal((await newest(2)).length, 2)
  },
)
