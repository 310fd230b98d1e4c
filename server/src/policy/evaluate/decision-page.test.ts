import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CedarRecord, Entity } from '@reeve/cedar'
import { askedBy } from '../../kit/asked-by.ts'
import type { Caller } from '../../kit/operation.ts'
import { systemRandom } from '../../kit/random.ts'
import { type DecisionRecord, decisionPool } from './decision-page.ts'
import { readPage } from './read-page.ts'

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

// Some share a thing, some have one with tags and a parent, and of some nobody is described who asks.
const SHARED: Entity = { uid: { type: 'records::record', id: 'shared' }, attrs: {}, parents: [] }

const recordOf = (text: string, at: number): DecisionRecord => {
  const thing = (type: string): Entity => ({ uid: { type, id: text }, attrs: { said: text }, parents: [] })
  const principal = { ...thing('records::user'), ...(at % 2 === 0 ? {} : { tags: { said: text } }) }
  const resource = at % 3 === 0 ? SHARED : { ...thing('records::record'), parents: [SHARED.uid] }
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
        ...{ entities: at % 4 === 3 ? [resource] : [principal, resource], kept: undefined },
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
    const { principal, action, resource, entities, context } = answered.request
    assert.equal(id, `${drafts[0]?.evidence.decisionPage}.${at}`)
    assert.equal(decision.askedAs, askedAs)
    assert.equal(decision.requestId, asked.requestId)
    assert.equal(decision.outcome, answered.outcome)
    assert.equal(decision.enforced, answered.isEnforced)
    assert.deepEqual(decision.policies, answered.policies)
    assert.deepEqual(decision.missing, answered.missing)
    assert.equal(decision.revision, answered.revision)
    assert.deepEqual(decision.resource, resource)
    assert.deepEqual(request?.principal, principal)
    assert.deepEqual(request?.actions, [action])
    assert.deepEqual(request?.resource, resource)
    assert.deepEqual(request?.entities, entities)
    assert.deepEqual(request?.context, context)
  }
})

test('decisions that ended alike but for one thing are not taken for one another, and those that ended alike are written once', () => {
  const { answered, ...record } = recordOf('read', 0)
  const others: readonly Partial<DecisionRecord['answered']>[] = [
    {},
    { outcome: 'deny' },
    { isEnforced: true },
    { policies: ['read'] },
    { policies: ['read', 'other'] },
    { policies: ['read', 'second', 'third'] },
    { missing: [] },
    { missing: ['principal.other'] },
    { revision: 'other' },
    { request: { ...answered.request, action: 'other' } },
    ...Array.from({ length: 10 }, (_, at) => ({ revision: `rev_${at}` })),
  ]
  const records = [...others, ...others].map((other) => ({ ...record, answered: { ...answered, ...other } }))
  const { kept } = decisionPool().write(records, { random: systemRandom(), now: new Date(0) })
  const body = kept[0]?.body ?? ''
  assert.equal(JSON.parse(body).answers.length, others.length)
  for (const [at, { decision, request }] of readPage(body).entries()) {
    const { outcome, isEnforced, policies, missing, revision, request: asked } = records[at]?.answered ?? answered
    assert.deepEqual([decision.outcome, decision.enforced, decision.revision], [outcome, isEnforced, revision])
    assert.deepEqual([decision.policies, decision.missing, request?.actions], [policies, missing, [asked.action]])
  }
})

test('decisions share a page only if they were asked for by the same caller, with the same, from the same place', () => {
  const one = caller('req_1')
  const others: readonly Caller[] = [
    { ...one, actor: { ...one.actor, principalType: 'human' } },
    { ...one, actor: { ...one.actor, id: 'nhi_2' } },
    { ...one, credential: 'cred_2' },
    { ...one, instance: 'pod-1' },
    { ...one, token: 'other' },
    { ...one, source: { ...one.source, ip: '192.0.2.2' } },
    { ...one, source: { ...one.source, userAgent: 'other' } },
  ]
  const records = [one, ...others, caller('req_2')].map((asked) => ({ ...recordOf('read', 0), caller: asked }))
  const { drafts } = decisionPool().write(records, { random: systemRandom(), now: new Date(0) })
  assert.deepEqual(
    drafts.map(({ evidence }) => evidence.decisions),
    [2, ...others.map(() => 1)],
  )
  for (const [at, asked] of [one, ...others].entries()) assert.partialDeepStrictEqual(drafts[at], askedBy(asked))
})

const FIRST = `{"version":1,"entities":[{"uid":{"type":"records::user","id":"ann"},"attrs":{"role":"reader"},"parents":[]}],"decisions":[
  {"outcome":"deny","enforced":true,"policies":["sealed"],"missing":[],"revision":"rev_1","requestId":"req_1","askedAs":null,
   "principal":{"type":"records::user","id":"ann"},"action":"read","resource":{"type":"records::record","id":"r1"},"context":{},"entities":[0],"kept":null},
  {"outcome":"allow","enforced":true,"policies":[],"missing":[],"revision":"rev_1","requestId":"req_2","askedAs":"mine",
   "principal":{"type":"Reeve::Identity","id":"nhi_1"},"action":"read","resource":{"type":"Reeve::Resource","id":"res_1"},"context":{},"entities":[],"kept":"digest"}]}`

test('a page of the first version reads as it did', () => {
  const [denied, apart] = readPage(FIRST)
  assert.equal(denied?.decision.outcome, 'deny')
  assert.deepEqual(denied?.decision.policies, ['sealed'])
  assert.deepEqual(denied?.request?.entities, [
    { uid: { type: 'records::user', id: 'ann' }, attrs: { role: 'reader' }, parents: [] },
  ])
  assert.deepEqual(apart?.decision.kept, 'digest')
  assert.equal(apart?.request, undefined, 'it stands elsewhere')
})

test('a page that names a place which it does not have is no page', () => {
  const records = [recordOf('one', 1)]
  const body = decisionPool().write(records, { random: systemRandom(), now: new Date(0) }).kept[0]?.body ?? ''
  assert.equal(readPage(body).length, 1)
  const { decisions, ...rest } = JSON.parse(body)
  for (const [place, wrong] of [
    [0, 1],
    [3, 2],
    [4, -1],
    [6, [0, 2]],
  ] as const)
    assert.deepEqual(readPage(JSON.stringify({ ...rest, decisions: [decisions[0].with(place, wrong)] })), [])
})
