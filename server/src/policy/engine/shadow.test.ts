import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '@reeve/cedar'
import type { Decided } from './decide.ts'
import { compileEngine, createShadow, type Engine, policiesFromText, type ShadowDifference } from './index.ts'

const SCHEMA = `entity User { name: String };
action "group";
action "read" in ["group"] appliesTo { principal: User, resource: User, context: { n: Long } };`
const TEXT = `@id("all") permit (principal, action in Action::"group", resource);
@id("no") forbid (principal, action, resource) when { context.n > 5 };
@id("over") @critical forbid (principal, action, resource) when { context.n + 9223372036854775807 < 0 };`

const engineOf = (watch: (decided: Decided) => void): Engine => {
  const compiled = compileEngine({ policies: policiesFromText(TEXT, 'test'), schema: SCHEMA, watch })
  assert.ok(compiled.ok, JSON.stringify(compiled))
  return compiled.engine
}

const asking = (n: number): Request => ({
  principal: { type: 'User', id: 'ann' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'User', id: 'bob' },
  context: { n },
  entities: [{ uid: { type: 'User', id: 'ann' }, attrs: { name: 'ann' }, parents: [] }],
})

/** The same decision with another outcome. */
const wrongly = (decided: Decided): Decided => ({
  ...decided,
  judgement: { ...decided.judgement, outcome: decided.judgement.outcome === 'allow' ? 'deny' : 'allow' },
})

const seeing = (every: number) => {
  const { promise, resolve } = Promise.withResolvers<ShadowDifference>()
  return { shadow: createShadow({ every, differed: resolve }), differed: promise }
}

test('live decisions are decided again by the official engine, and what does not agree is told and kept', async (t) => {
  const { shadow, differed } = seeing(1)
  t.after(shadow.close)
  const engine = engineOf((decided) => shadow.watch(decided))
  for (const n of [-1, 0, 1, 9, -9]) engine.decide(asking(n))
  engineOf((decided) => shadow.watch(wrongly(decided))).decide(asking(0))
  const difference = await differed
  assert.deepEqual(shadow.counts(), { equal: 5, different: 1, dropped: 0 })
  assert.equal(difference.principal, 'User::"ann"')
  assert.match(difference.official, /^\["allow"|^\["deny"/)
  assert.notEqual(difference.official, difference.compiled)
  assert.deepEqual(shadow.differences(), [difference])
  shadow.forget([difference])
  assert.deepEqual(shadow.differences(), [])
})

test('only one decision in so many is looked at, and none where it is turned off', async (t) => {
  const { shadow, differed } = seeing(3)
  t.after(shadow.close)
  const wrong = engineOf((decided) => shadow.watch(wrongly(decided)))
  for (const n of [1, 2]) wrong.decide(asking(n))
  assert.deepEqual(shadow.counts(), { equal: 0, different: 0, dropped: 0 })
  wrong.decide(asking(3))
  await differed
  assert.equal(shadow.counts().different, 1)
  const off = seeing(0).shadow
  engineOf(off.watch).decide(asking(1))
  assert.deepEqual(off.counts(), { equal: 0, different: 0, dropped: 0 })
})

test('a decision is not kept waiting: what is too much or too large is dropped and counted', async (t) => {
  const { shadow, differed } = seeing(1)
  t.after(shadow.close)
  const wrong = engineOf((decided) => shadow.watch(wrongly(decided)))
  for (let at = 0; at < 100; at++) wrong.decide(asking(at))
  assert.equal(shadow.counts().dropped, 100 - 16)
  await differed
  const large = createShadow({ every: 1 })
  engineOf(large.watch).decide({ ...asking(0), context: { n: 0, note: 'x'.repeat(300_000) } })
  assert.equal(large.counts().dropped, 1)
})
