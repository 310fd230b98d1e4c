import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../../kit/random.ts'
import type { EventDraft } from '../../ledger/event.ts'
import { holdsUse, namesOfUses, placeOfUse, usesOf } from '../../ledger/shared-event.ts'
import { type KeyUseRecord, keyUsePool } from './key-use-pool.ts'

const DRAFT: EventDraft = {
  kind: 'broker.token.introspect',
  outcome: 'done',
  code: null,
  actor: { principalType: 'nhi', id: 'nhi_api', name: 'orders-api' },
  instance: null,
  credential: 'crd_api',
  token: null,
  workflow: { name: 'orders', repository: 'shop/orders', run: null },
  on: { type: 'Identity', id: 'nhi_till', name: 'till-7', environment: 'production', team: 'team_shop' },
  change: [],
  decision: {
    id: 'dec_a',
    outcome: 'allow',
    enforced: true,
    policies: ['grant:1'],
    revision: 'one',
    missing: [],
    request: 'digest',
  },
  approval: null,
  evidence: {
    active: true,
    why: null,
    usedCredential: 'crd_till',
    usedIp: '10.7.1.2',
    audience: 'orders',
    scope: 'read',
  },
  tags: { unit: 'shop' },
  source: { ip: '192.0.2.1', region: null, userAgent: 'api' },
  correlation: { requestId: 'req_a', traceparent: null, cause: null },
}

/** One use as the hot path records it, with texts of its own. */
const useOf = (at: number, draft: EventDraft = DRAFT, traceparent: string | null = null): KeyUseRecord => {
  const own: EventDraft = structuredClone({
    ...draft,
    correlation: { ...draft.correlation, requestId: `req_${at}`, traceparent },
    decision: draft.decision === null ? null : { ...draft.decision, id: `dec_${at}` },
  })
  return { draft: own, requestId: `req_${at}` }
}

const write = (records: readonly object[]): readonly EventDraft[] =>
  keyUsePool().write(records, { random: systemRandom(), now: new Date(0) }).drafts

test('uses that are alike are one event, which stands where each would and says how many it holds', () => {
  const records = Array.from({ length: 5 }, (_, at) => useOf(at))
  const [first] = records
  assert.deepEqual(write(records), [{ ...first?.draft, evidence: { ...DRAFT.evidence, uses: 5 } }])
  assert.deepEqual(
    records.map(({ requestId }) => requestId),
    ['req_0.0', 'req_0.1', 'req_0.2', 'req_0.3', 'req_0.4'],
  )
})

test('a use that is alone is the event that it would have been, and keeps the name of its request', () => {
  const record = useOf(7)
  // As after a commit that was taken back, in which it was not alone.
  record.requestId = 'req_1.3'
  const drafts = write([record])
  assert.equal(drafts[0], record.draft)
  assert.equal(record.requestId, 'req_7')
})

/** Each way in which something in here may be another, leaf by leaf. */
const changesOf = (value: unknown, path: readonly string[] = []): readonly (readonly [string, unknown])[] => {
  if (Array.isArray(value)) return [[path.join('.'), [...value, 'more']]]
  if (typeof value !== 'object' || value === null)
    return [[path.join('.'), typeof value === 'number' ? value + 1 : `${value}2`]]
  return Object.entries(value).flatMap(([name, inner]) =>
    changesOf(inner, [...path, name]).map(([at, changed]) => [at, { ...value, [name]: changed }] as const),
  )
}

// What names the use itself.
const NAMES = ['correlation.requestId', 'correlation.traceparent', 'decision.id']

test('whatever else an event says keeps two uses apart: who asked, by what, from where, of which key, by which decision', () => {
  const changed = changesOf(DRAFT)
  assert.ok(changed.length > 30, 'every leaf is tried')
  for (const [path, other] of changed) {
    // biome-ignore lint/suspicious/noExplicitAny: one leaf of it is of another kind, on purpose
    const uses = [useOf(0), useOf(1, other as any), useOf(2), useOf(3, other as any)]
    const drafts = write(uses)
    // What changes something is no use, and shares nothing.
    const apart = path === 'change' ? [2, 1, 1] : [2, 2]
    const expected = NAMES.includes(path) ? [4] : apart
    assert.deepEqual(drafts.map(usesOf), expected, path)
  }
  for (const missing of ['decision', 'on', 'workflow'] as const)
    assert.equal(write([useOf(0), useOf(1, { ...DRAFT, [missing]: null })]).length, 2, missing)
})

const { evidence, source } = DRAFT

/** What uses of one commit differ in most. */
const DIFFERING: Readonly<Record<string, (value: string) => Partial<EventDraft>>> = {
  credential: (value) => ({ credential: value }),
  usedCredential: (value) => ({ evidence: { ...evidence, usedCredential: value } }),
  usedIp: (value) => ({ evidence: { ...evidence, usedIp: value } }),
  ip: (value) => ({ source: { ...source, ip: value } }),
  userAgent: (value) => ({ source: { ...source, userAgent: value } }),
}

const COUNT = 250

test('nobody makes each use be compared with all others by another credential, address or user agent for each', () => {
  for (const [name, differing] of Object.entries(DIFFERING)) {
    let looks = 0
    const records = Array.from({ length: COUNT }, (_, at) => {
      const { draft, requestId } = useOf(at, { ...DRAFT, ...differing(`${at}`) })
      const looked = {
        ...draft,
        get tags() {
          looks += 1
          return draft.tags
        },
      }
      return { draft: looked, requestId }
    })
    assert.equal(write(records).length, COUNT, name)
    assert.ok(looks < 2 * COUNT, `${name}: ${looks}`)
  }
})

test('traces that differ are kept in the order of the uses, one that is the same stands where it always did', () => {
  const [one, other] = ['00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01', '00-cc-dd-01']
  const [same] = write([useOf(0, DRAFT, one), useOf(1, DRAFT, one)])
  assert.deepEqual([same?.correlation.traceparent, same?.evidence.traceparents], [one, undefined])
  const [differ] = write([useOf(0, DRAFT, one), useOf(1), useOf(2, DRAFT, other)])
  assert.deepEqual([differ?.correlation.traceparent, differ?.evidence.traceparents], [one, `${one} - ${other}`])
})

test('an event takes so many uses and no more', () => {
  const records = Array.from({ length: 2_300 }, (_, at) => useOf(at))
  assert.deepEqual(write(records).map(usesOf), [1_000, 1_000, 300])
  assert.equal(records[2_299]?.requestId, 'req_2000.299')
})

test('the name of a use leads to its event and its place there, and no other name does', () => {
  const event = { evidence: { uses: 3 } }
  assert.deepEqual(namesOfUses(event, 'dec_a'), ['dec_a.0', 'dec_a.1', 'dec_a.2'])
  assert.deepEqual(namesOfUses({ evidence: {} }, 'dec_a'), ['dec_a'])
  assert.deepEqual(placeOfUse('req_a-B_9.12'), { name: 'req_a-B_9', at: 12 })
  for (const odd of ['req_a', 'evt_a.1', 'req_a.', 'req_a.12345', 'req_a.1.2', 'req_a.-1', ''])
    assert.equal(placeOfUse(odd), undefined)
  assert.deepEqual(
    [0, 2, 3].map((at) => holdsUse(event, at)),
    [true, true, false],
  )
  for (const uses of [1, 0, -2, 1.5, '3', null, true]) assert.equal(holdsUse({ evidence: { uses } }, 0), false)
})
