import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { MatrixLine } from './bundle.ts'
import { narrowed } from './narrowed.ts'
import { WILDCARD } from './reach.ts'

const RESOURCES = new Map([
  ['res_a', ['a.read', 'a.write', 'a.purge']],
  ['res_b', ['b.read']],
])
const actionsOf = (resource: string) => RESOURCES.get(resource)

const lines = fc.array(
  fc.record({
    resource: fc.constantFrom('res_a', 'res_b', 'res_gone'),
    actions: fc.uniqueArray(fc.constantFrom('a.read', 'a.write', 'a.purge', 'b.read', WILDCARD), { minLength: 1 }),
  }),
  { maxLength: 6 },
)
const used = fc.uniqueArray(fc.constantFrom<string[]>('res_a a.read', 'res_a a.write', 'res_a a.purge', 'res_b b.read'))

const given = (all: readonly MatrixLine[]): ReadonlySet<string> =>
  new Set(
    all.flatMap(({ resource, actions }) =>
      (actionsOf(resource) ?? [])
        .filter((action) => actions.includes(WILDCARD) || actions.includes(action))
        .map((action) => `${resource} ${action}`),
    ),
  )

test('what was used is never taken, nothing is added, and what loses something is strictly smaller', () => {
  fc.assert(
    fc.property(lines, used, (before, seen) => {
      const done = narrowed(before, actionsOf, (resource, action) => seen.includes(`${resource} ${action}`))
      const [was, is] = [given(before), given(done.lines)]
      for (const one of was) assert.equal(is.has(one), seen.includes(one), one)
      for (const one of is) assert.ok(was.has(one), one)
      assert.deepEqual([...given(done.taken)].sort(), [...was].filter((one) => !is.has(one)).sort())
      assert.equal(is.size < was.size, done.taken.length > 0)
      if (done.taken.length === 0) assert.deepEqual(done.lines, before)
    }),
    { numRuns: 1_000 },
  )
})

test('a line on what is not registered any more stays as it is', () => {
  const gone = [{ resource: 'res_gone', actions: ['a.read'] }]
  assert.deepEqual(
    narrowed(gone, actionsOf, () => false),
    { lines: gone, taken: [] },
  )
})
