import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from '../../test/official.ts'
import { compilePolicies, type Entity, type EntityUid, type PreparedEntities, prepareEntities } from '../index.ts'

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

const above = (store: PreparedEntities, id: string, entities: Entity[] = []): string => {
  if (!store.ok) return 'refused'
  const request = { principal: uid(id), action: uid('x'), resource: uid('x'), context: {}, entities }
  const answer = policies.decide(request, store.store)
  return answer.errors.some((error) => error.policy === '') ? 'refused' : answer.policies.toSorted().join()
}

const entity = fc
  .record({ id: fc.nat(6), parents: fc.uniqueArray(fc.nat(7), { maxLength: 3 }), isWild: fc.nat(20) })
  .map(({ id, parents, isWild }): Entity => {
    const up = parents.filter((parent) => parent > id || isWild === 0)
    return { uid: uid(`${id}`), attrs: { n: 1 }, parents: up.map((parent) => uid(`${parent}`)) }
  })
const step = fc.record({
  add: fc.uniqueArray(entity, { maxLength: 4, selector: (one) => one.uid.id }),
  remove: fc.array(fc.nat(6), { maxLength: 2 }),
})

test('a store that was changed step by step knows the same ancestors as one made at once, and the old one stays', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), fc.array(entity, { maxLength: 2 }), (steps, own) => {
      let store = prepareEntities([])
      const kept = new Map<string, Entity>()
      for (const { add, remove } of steps) {
        assert.ok(store.ok)
        const frozen = IDS.map((id) => above(store, id))
        const next = store.store.with({ add, remove: remove.map((id) => uid(`${id}`)) })
        assert.deepEqual(
          IDS.map((id) => above(store, id)),
          frozen,
        )
        for (const id of remove) kept.delete(`${id}`)
        for (const one of add) kept.set(one.uid.id, one)
        const fresh = prepareEntities([...kept.values()])
        assert.equal(next.ok, fresh.ok)
        if (!next.ok || !fresh.ok) return
        assert.equal(next.store.size, fresh.store.size)
        assert.deepEqual(
          IDS.map((id) => above(next, id)),
          IDS.map((id) => above(fresh, id)),
        )
        store = next
      }
      const ownById = new Map(own.map((one) => [one.uid.id, one]))
      if (ownById.size < own.length) return
      const together = prepareEntities([...new Map([...kept, ...ownById]).values()])
      assert.deepEqual(
        IDS.map((id) => above(store, id, own)),
        IDS.map((id) => above(together, id)),
      )
    }),
    { numRuns: 2_000, seed: 21 },
  )
})

test('a parent that is named and not described counts, and what it might be in does not', () => {
  const store = prepareEntities([{ uid: uid('0'), attrs: { n: 1 }, parents: [uid('1')] }])
  assert.equal(above(store, '0'), '0,1')
  assert.equal(above(store, '0', [{ uid: uid('1'), attrs: {}, parents: [uid('2')] }]), '0,1,2')
})

test('an entity that is described twice is taken when both say the same, and refused when they do not', () => {
  const one: Entity = { uid: uid('0'), attrs: { n: 1, s: [1, 2] }, parents: [uid('1'), uid('2')] }
  const same: Entity = { uid: uid('0'), attrs: { s: [2, 1, 1], n: 1 }, parents: [uid('2'), uid('1')], tags: {} }
  assert.equal(prepareEntities([one, same]).ok, true)
  assert.equal(prepareEntities([one, { ...same, attrs: {} }]).ok, false)
  assert.equal(prepareEntities([one, { ...same, parents: [] }]).ok, false)
})

test('a chain that is too long is refused in time that does not grow with it', () => {
  const chain = Array.from(
    { length: 30_000 },
    (_, at): Entity => ({ uid: uid(`c${at}`), attrs: {}, parents: [uid(`c${at + 1}`)] }),
  )
  assert.equal(prepareEntities(chain).ok, false)
})
