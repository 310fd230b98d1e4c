import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CedarRecord, Entity } from '@reeve/cedar'
import type { Caller } from '../../kit/operation.ts'
import { systemRandom } from '../../kit/random.ts'
import { type DecisionRecord, decisionPool, readPage } from './decision-page.ts'

const HOSTILE = ['"', '\\', '","outcome":"allow', '\n', '\u2028', 'é', '\ud800', ']}', '__proto__'] as const

const caller = (requestId: string): Caller => ({
  actor: { principalType: 'nhi', id: 'nhi_1', name: 'gate' },
  roles: [],
  credential: 'cred_1',
  instance: null,
  token: 'digest',
  workflow: null,
  source: { ip: '192.0.2.1', region: null, userAgent: null },
  requestId,
  traceparent: null,
})

const recordOf = (text: string, at: number): DecisionRecord => {
  const thing = (type: string): Entity => ({ uid: { type, id: text }, attrs: { said: text }, parents: [] })
  const [principal, resource] = [thing('records::user'), thing('records::record')]
  const context: CedarRecord = { request: { said: text } }
  return {
    id: '',
    caller: caller(`req_${text}`),
    askedAs: text,
    answered: {
      isAllowed: at % 2 === 0,
      outcome: at % 2 === 0 ? 'allow' : 'deny',
      isEnforced: at % 3 !== 0,
      policies: [text, 'second'],
      missing: [`principal.${text}`],
      revision: text,
      request: {
        ...{ principal: principal.uid, action: text, resource: resource.uid, context },
        ...{ entities: [principal, resource], kept: undefined },
      },
    },
  }
}

test('a page reads as what was decided, whatever characters it is of, and each decision is named by its place', () => {
  const records = HOSTILE.map(recordOf)
  const { drafts, kept } = decisionPool().write(records, { random: systemRandom(), now: new Date(0) })
  assert.equal(drafts.length, 1)
  const [page] = kept
  const body = JSON.parse(page?.body ?? '')
  assert.equal(page?.body, JSON.stringify(body), 'nothing in it is written twice or otherwise than JSON is')
  const read = readPage(page?.body ?? '')
  assert.equal(read.length, records.length)
  for (const [at, { decision, request }] of read.entries()) {
    const { answered, askedAs, id, caller: asked } = records[at] ?? recordOf('', 0)
    assert.equal(id, `${drafts[0]?.evidence.decisionPage}.${at}`)
    assert.equal(body.decisions[at].askedAs, askedAs)
    assert.equal(decision.requestId, asked.requestId)
    assert.equal(decision.outcome, answered.outcome)
    assert.equal(decision.enforced, answered.isEnforced)
    assert.deepEqual(decision.policies, answered.policies)
    assert.deepEqual(decision.missing, answered.missing)
    assert.equal(decision.revision, answered.revision)
    assert.deepEqual(request?.entities, answered.request.entities)
    assert.deepEqual(request?.context, answered.request.context)
  }
})
