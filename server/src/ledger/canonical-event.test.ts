import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalize } from '@reeve/sdk/ledger'
import fc from 'fast-check'
import { canonicalEvent } from './canonical-event.ts'
import type { LedgerEvent } from './event.ts'

// Escapes, pairs and lone halves of surrogates, and names that JavaScript puts elsewhere.
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    '',
    '\\ud800',
    '\ud800',
    'a\udc00',
    '\ud83d\ude00',
    '"\\\u0000\u001f\u2028',
    '\\ud8',
    '10',
    '9',
    '__proto__',
    'toJSON',
  ),
)
const orNull = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: null })
const flat = fc.dictionary(text, fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null)), {
  maxKeys: 5,
})

const event: fc.Arbitrary<LedgerEvent> = fc.record({
  id: text,
  at: text,
  schemaVersion: fc.nat(),
  kind: text,
  outcome: fc.constantFrom('done', 'refused'),
  code: orNull(text),
  actor: fc.record({ principalType: fc.constantFrom('nhi', 'human'), id: orNull(text), name: orNull(text) }),
  instance: orNull(text),
  credential: orNull(text),
  token: orNull(text),
  workflow: orNull(fc.record({ name: text, repository: orNull(text), run: orNull(text) })),
  on: orNull(
    fc.record({ type: text, id: orNull(text), name: orNull(text), environment: orNull(text), team: orNull(text) }),
  ),
  change: fc.array(fc.record({ field: text, before: orNull(text), after: orNull(text) }), { maxLength: 1 }),
  decision: orNull(
    fc.record({
      id: text,
      outcome: fc.constantFrom('allow', 'deny'),
      enforced: fc.boolean(),
      policies: fc.array(text, { maxLength: 3 }),
      revision: text,
      missing: fc.array(text, { maxLength: 3 }),
      request: orNull(text),
    }),
  ),
  approval: orNull(text),
  evidence: flat,
  tags: fc.dictionary(text, text, { maxKeys: 4 }),
  source: fc.record({ ip: orNull(text), region: orNull(text), userAgent: orNull(text) }),
  correlation: fc.record({ requestId: text, traceparent: orNull(text), cause: orNull(text) }),
})

/** By the general writer alone, on what JSON can say of the event. */
const oracle = (one: LedgerEvent): string =>
  canonicalize(JSON.parse(JSON.stringify(one), (_name, value: unknown) => mended(value)))

const mended = (value: unknown): unknown => {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name.toWellFormed(), one]))
}

test('an event has the text that the general writer gives it, whatever its members hold', () => {
  fc.assert(
    fc.property(event, (one) => {
      assert.equal(canonicalEvent(one), oracle(one))
      // Once more, and in another event: what was put in order is remembered.
      const other = { ...one, id: `${one.id}x` }
      assert.equal(canonicalEvent(other), oracle(other))
    }),
    { numRuns: 3_000 },
  )
})

test('what a type does not know is recorded all the same, and what is not there is not', () => {
  const more = { ...PLAIN, actor: { ...PLAIN.actor, more: 'x' } }
  assert.equal(canonicalEvent(more), oracle(more))
  assert.match(canonicalEvent(more), /"more":"x"/)
  const on = { type: 'a', id: 'b', name: 'c', environment: 'd', team: null }
  const { team: _team, ...teamless } = on
  for (const target of [on, teamless, { ...on, team: undefined }, { ...on, other: 'e' }]) {
    const given: unknown = { ...PLAIN, on: target }
    assert.equal(canonicalEvent(asEvent(given)), oracle(asEvent(given)))
  }
})

const PLAIN: LedgerEvent = {
  ...{ id: 'evt_1', at: '2026-03-01T00:00:00.000Z', schemaVersion: 1, kind: 'a.b.c', outcome: 'done', code: null },
  actor: { principalType: 'nhi', id: 'nhi_1', name: 'one' },
  ...{ instance: null, credential: 'crd_1', token: null, workflow: null, on: null, change: [], decision: null },
  ...{ approval: null, evidence: { b: 1, a: 'x' }, tags: {} },
  source: { ip: null, region: null, userAgent: null },
  correlation: { requestId: 'req_1', traceparent: null, cause: null },
}

const asEvent = (value: unknown): LedgerEvent => {
  assert.ok(isEvent(value))
  return value
}

const isEvent = (value: unknown): value is LedgerEvent => typeof value === 'object' && value !== null
