import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rounds } from '../../../test/rounds.ts'
import { entropy } from '../../test/entropy.ts'
import { uidText } from '../../test/expressions.ts'
import { officialOn, parse } from '../../test/official.ts'
import type { Written } from '../../test/policies.ts'
import { actionUid, ENTITY_TYPES, entities, entityUid, request, schema } from '../../test/world.ts'
import {
  type Answer,
  type CompiledPolicies,
  compilePolicies,
  type PolicySet,
  type PolicySource,
  prepareEntities,
} from '../index.ts'

const numbers = fc.noBias(
  fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 2_000, maxLength: 2_000, size: 'max' }),
)

test('of many policies exactly those are found whose head matches, each once, however they are spread', () => {
  const ask = (given: number[]): void => {
    const of = entropy(given)
    // The fewer the choices of one part, the more policies share it, and the deeper they are told apart.
    const principals = of.pick([1, 2, 8])
    const resources = of.pick([1, 2, 8])
    const about = (variable: string, choices: number): string =>
      [
        () => variable,
        () => `${variable} in ${uidText(entityUid(of))}`,
        () => `${variable} == ${uidText(entityUid(of))}`,
        () => `${variable} is ${of.pick(ENTITY_TYPES)}`,
        () => `${variable} is ${of.pick(ENTITY_TYPES)} in ${uidText(entityUid(of))}`,
      ][of.below(choices) % 5]?.() ?? variable
    const action = (): string =>
      of.pick([
        () => 'action',
        () => `action == ${uidText(actionUid(of))}`,
        () => `action in ${uidText(actionUid(of))}`,
        () => `action in [${of.some(3, () => uidText(actionUid(of))).join(', ')}]`,
      ])()
    const written = Array.from({ length: 60 + of.below(40) }, (_, at): Written => {
      const head = `${about('principal', principals)}, ${action()}, ${about('resource', resources)}`
      return { id: `p${at}`, text: `permit (${head});` }
    })
    const world = schema(of)
    const all = entities(of, world)
    const sources = written.map(({ id, text }) => ({ id, est: parse(text) }))
    const prepared = prepareEntities(all)
    const set = mustBe(compilePolicies(sources))
    const { grown, others } = grownSet(sources)
    const official = officialOn(written)
    for (let at = 0; at < 10; at++) {
      const asked = request(of, world, all)
      const expected = official(asked)
      if (!prepared.ok || expected.errors[0] === '') continue
      const answers: Answer[] = [set.decide(asked), set.decide({ ...asked, entities: [] }, prepared.store)]
      // The same entities for several sets in turn, each of which knows them by numbers of its own.
      for (const other of others) other.decide({ ...asked, entities: [] }, prepared.store)
      answers.push(grown.decide({ ...asked, entities: [] }, prepared.store))
      answers.push(set.decide({ ...asked, entities: [] }, prepared.store), grown.decide(asked))
      for (const { policies, considered } of answers) {
        assert.deepEqual(policies.toSorted(), expected.policies)
        assert.equal(considered, expected.policies.length)
      }
    }
  }
  fc.assert(fc.property(numbers, ask), { numRuns: rounds({ quick: 20, full: 60 }), seed: 17, endOnFailure: true })
})

test('what several groups of many policies say of what is above a resource is kept apart', () => {
  const groups = Array.from({ length: 20 }, (_, at) => `Group::"g${at}"`)
  const set = mustBe(
    compilePolicies(
      ['principal', 'principal is User', 'principal in Team::"a"'].flatMap((who, kind) =>
        groups.map((group, at) => ({
          id: `${kind}-${at}`,
          est: parse(`permit (${who}, action, resource in ${group});`),
        })),
      ),
    ),
  )
  const prepared = prepareEntities([
    { uid: { type: 'User', id: 'ann' }, attrs: {}, parents: [{ type: 'Team', id: 'a' }] },
    { uid: { type: 'File', id: 'f' }, attrs: {}, parents: [3, 8].map((at) => ({ type: 'Group', id: `g${at}` })) },
  ])
  assert.ok(prepared.ok)
  const asked = {
    principal: { type: 'User', id: 'ann' },
    action: { type: 'Action', id: 'read' },
    resource: { type: 'File', id: 'f' },
    context: {},
    entities: [],
  }
  for (let again = 0; again < 2; again++)
    assert.deepEqual(set.decide(asked, prepared.store).policies.toSorted(), ['0-3', '0-8', '1-3', '1-8', '2-3', '2-8'])
})

const mustBe = (compiled: CompiledPolicies): PolicySet => {
  assert.ok(compiled.ok)
  return compiled.policies
}

/** The same set by detours, and the sets that it was on the way: many left it, came back, and were something else before. */
const grownSet = (sources: readonly PolicySource[]): { grown: PolicySet; others: PolicySet[] } => {
  const [first] = sources
  assert.ok(first)
  const half = sources.slice(sources.length >> 1)
  const begun = mustBe(compilePolicies([...half, { ...first, id: 'stray' }].toReversed()))
  const other = mustBe(begun.with({ add: half.filter((_, at) => at % 3 > 0).map(({ id }) => ({ ...first, id })) }))
  const fewer = mustBe(other.with({ remove: half.filter((_, at) => at % 4 > 0).map(({ id }) => id) }))
  return { grown: mustBe(fewer.with({ add: sources, remove: ['stray'] })), others: [begun, other, fewer] }
}
