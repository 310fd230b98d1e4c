import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from '../../test/official.ts'
import {
  compilePolicies,
  type Entity,
  type EntityUid,
  joinEntities,
  prepareEntities,
  type ReadyEntities,
  type Request,
} from '../index.ts'

const IDS = ['0', '1', '2', '3', '4', '5', '6']
const uid = (id: string): EntityUid => ({ type: 'T', id })
const compiled = compilePolicies(
  IDS.map((id) => ({
    id,
    est: parse(`permit (principal in T::"${id}", action, resource) when { principal.n == 1 };`),
  })),
)
assert.ok(compiled.ok)
const { policies } = compiled

const entity = fc
  .record({ id: fc.nat(6), n: fc.nat(9), parents: fc.uniqueArray(fc.nat(7), { maxLength: 3 }), isWild: fc.nat(20) })
  .map(({ id, n, parents, isWild }): Entity => {
    const up = parents.filter((parent) => parent > id || isWild === 0)
    return { uid: uid(`${id}`), attrs: { n: n === 0 ? 2 : 1 }, parents: up.map((parent) => uid(`${parent}`)) }
  })
const part = fc.uniqueArray(entity, { maxLength: 3, selector: (one) => one.uid.id })
const world = fc.record({ parts: fc.array(part, { maxLength: 3 }), shared: fc.option(entity), own: part })

test('stores taken together decide as one store of all their entities, and are refused where that would be', () => {
  let [joins, refusals] = [0, 0]
  fc.assert(
    fc.property(world, ({ parts, shared, own }) => {
      const lists = shared === null ? parts : parts.map((list) => [...list.filter(isNot(shared)), shared])
      const stores = lists.map((list) => prepareEntities(list)).flatMap((one) => (one.ok ? [one.store] : []))
      if (stores.length < lists.length) return
      const joined = joinEntities(stores)
      const atOnce = prepareEntities(lists.flat())
      assert.equal(joined.ok, atOnce.ok)
      if (!joined.ok || !atOnce.ok) {
        refusals++
        return
      }
      joins++
      for (const id of IDS)
        for (const entities of [[], own]) {
          const request = { principal: uid(id), action: uid('x'), resource: uid('x'), context: {}, entities }
          assert.deepEqual(decided(request, joined.entities), decided(request, atOnce.store))
        }
    }),
    { numRuns: 3_000, seed: 22 },
  )
  assert.ok(joins > 1_000 && refusals > 100, `${joins} joined, ${refusals} refused`)
})

const decided = (request: Request, entities: ReadyEntities) => {
  const answer = policies.decide(request, entities)
  return { ...answer, policies: answer.policies.toSorted() }
}

const isNot = (one: Entity) => (other: Entity) => other.uid.id !== one.uid.id
