import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entity, Request } from '@reeve/cedar'
import fc from 'fast-check'
import { compileEngine } from './index.ts'
import { layOver, type ReadyPart, readyPart } from './ready-entities.ts'

const uid = (type: string, id: string) => ({ type, id })
const named = fc.constantFrom(uid('Bot', 'a'), uid('Bot', 'b'), uid('Team', 't'), uid('Team', 'u'), uid('Api', 'x'))
const entity = fc
  .record({ uid: named, n: fc.nat(2), parents: fc.uniqueArray(named, { maxLength: 2, selector: ({ id }) => id }) })
  .map(({ uid: self, n, parents }): Entity => {
    const up = parents.filter((parent) => ORDER.indexOf(parent.id) > ORDER.indexOf(self.id))
    return { uid: self, attrs: { n }, parents: up }
  })
const ORDER = ['a', 'b', 'x', 't', 'u']
const list = (maxLength: number) => fc.uniqueArray(entity, { maxLength, selector: (one) => one.uid.id })

const engine = (evaluator: 'compiled' | 'official') => {
  const texts = ['t', 'u'].flatMap((team) => [
    `permit (principal in Team::"${team}", action, resource) when { resource.n > 0 };`,
    `forbid (principal, action, resource in Team::"${team}") when { principal.n == context.n };`,
  ])
  const compiled = compileEngine({
    policies: texts.map((text, at) => ({ id: `p${at}`, text, kind: 'policy', origin: { line: 1 } })),
    schema: SCHEMA,
    evaluator,
  })
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.engine
}
const SCHEMA = `
  entity Team in [Team] { n: Long };
  entity Bot in [Bot, Team, Api] { n: Long };
  entity Api in [Team] { n: Long };
  action "all";
  action "read" in ["all"] appliesTo { principal: [Bot], resource: [Api], context: { n: Long } };
`

test('a decision on what was read once is the decision on the request itself, and the official engine agrees', () => {
  const [ours, official] = [engine('compiled'), engine('official')]
  const taken = new Map<boolean, number>()
  fc.assert(
    fc.property(list(3), list(2), list(2), fc.nat(2), fc.nat(9), (one, other, own, n, at) => {
      // Now and then something is listed that no part has, or a part has what is not listed.
      const entities = [...one, ...other, ...(at < 5 ? own : [])].slice(at === 9 ? 1 : 0)
      const request: Request = {
        principal: uid('Bot', at % 2 === 0 ? 'a' : 'b'),
        action: uid('Action', 'read'),
        resource: uid('Api', 'x'),
        context: { n },
        entities,
      }
      const parts: (ReadyPart | undefined)[] = [readyPart(one), readyPart(other)]
      const isTaken = layOver(request, parts, undefined).own !== entities
      taken.set(isTaken, (taken.get(isTaken) ?? 0) + 1)
      const plain = ours.decide(request)
      assert.deepEqual(ours.decide(request, parts), plain)
      assert.deepEqual(
        ours.policiesFor(request, parts).map(({ id }) => id),
        ours.inScope(request).policies.map(({ id }) => id),
      )
      if (plain.errors.every(({ policy }) => policy !== ''))
        assert.equal(official.decide(request, parts).outcome, plain.outcome)
    }),
    { numRuns: 2_000, seed: 23 },
  )
  assert.ok((taken.get(true) ?? 0) > 500 && (taken.get(false) ?? 0) > 100, JSON.stringify([...taken]))
})

test('what no decision can be made on makes no part, and the decision says why', () => {
  const wrong: Entity[] = [{ uid: uid('Bot', '\ud800'), attrs: {}, parents: [] }]
  assert.equal(readyPart(wrong), undefined)
  const request = { principal: uid('Bot', 'a'), action: uid('Action', 'read'), resource: uid('Api', 'x'), context: {} }
  const answer = engine('compiled').decide({ ...request, entities: wrong }, [readyPart(wrong)])
  assert.deepEqual([answer.outcome, answer.errors.map(({ policy }) => policy)], ['deny', ['']])
})
