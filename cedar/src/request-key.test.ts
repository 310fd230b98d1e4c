import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rounds } from '../../test/rounds.ts'
import {
  type CedarRecord,
  type CedarValue,
  type Entity,
  type EntityUid,
  type Request,
  requestKey,
  uidText,
} from './index.ts'

// Few letters and all the delimiters of the encodings, so that a wrong encoding collides soon.
const text = fc.string({
  unit: fc.constantFrom('a', '"', '\\', ',', ':', '[', ']', '{', '}', '-', '0', '\0'),
  maxLength: 4,
})
const uid: fc.Arbitrary<EntityUid> = fc.record({ type: text, id: text })
const { value } = fc.letrec<{ value: CedarValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 2 },
    text,
    fc.integer({ min: -1, max: 1 }),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(text, tie('value'), { maxKeys: 2 }),
    fc.record({ __entity: uid }),
  ),
}))
const attributes: fc.Arbitrary<CedarRecord> = fc.dictionary(text, value, { maxKeys: 2 })
const entity: fc.Arbitrary<Entity> = fc.record(
  { uid, attrs: attributes, parents: fc.array(uid, { maxLength: 2 }), tags: attributes },
  { requiredKeys: ['uid', 'attrs', 'parents'] },
)
const request: fc.Arbitrary<Request> = fc.record({
  principal: uid,
  action: uid,
  resource: uid,
  context: attributes,
  entities: fc.array(entity, { maxLength: 2 }),
})

/** The same request with everything whose order means nothing put in one order. */
const ordered = (given: Request): Request => {
  const entities = given.entities.map((one) => ({ ...one, parents: sorted(one.parents) }))
  return { ...given, entities: sorted(entities) }
}
const sorted = <Item>(items: Item[]): Item[] =>
  items.length < 2 ? items : items.toSorted((one, other) => (plain(one) < plain(other) ? -1 : 1))
// An oracle of another make: objects as sorted lists of pairs, through the platform's own JSON.
const plain = (of: unknown): string =>
  JSON.stringify(of, (_, part) => (isPlainObject(part) ? { o: pairs(part) } : part))
const isPlainObject = (part: unknown): part is object =>
  typeof part === 'object' && part !== null && !Array.isArray(part) && !isPairs(part)
const isPairs = (part: object): boolean => Object.keys(part).length === 1 && 'o' in part && Array.isArray(part.o)
const pairs = (part: object): unknown[] => Object.entries(part).toSorted(([one], [other]) => (one < other ? -1 : 1))

const MANY = rounds({ quick: 5_000, full: 20_000 })

test(`among ${MANY} requests full of delimiters, any two have one key only if they are equal (${(MANY * MANY) / 2} pairs)`, () => {
  const seen = new Map<string, string>()
  for (const one of fc.sample(request, { numRuns: MANY, seed: 7 })) {
    const key = requestKey(one)
    const same = plain(ordered(one))
    assert.equal(seen.get(key) ?? same, same)
    seen.set(key, same)
  }
  assert.ok(seen.size > MANY / 4, `${seen.size} different requests`)
})

test('two requests that differ in one small place have different keys', () => {
  fc.assert(
    fc.property(request, request, (one, other) => {
      const [key, same] = [requestKey(one), plain(ordered(one))]
      assert.equal(key === requestKey(other), same === plain(ordered(other)))
      for (const part of ['principal', 'action', 'resource', 'context', 'entities'] as const) {
        const mixed = { ...one, [part]: other[part] }
        assert.equal(key === requestKey(mixed), same === plain(ordered(mixed)))
      }
    }),
    { numRuns: rounds({ quick: 2_000, full: 5_000 }), seed: 8 },
  )
})

test('values that print alike have different keys', () => {
  const alike: CedarValue[] = [
    1,
    '1',
    true,
    'true',
    [],
    {},
    [1],
    ['1'],
    { a: 1 },
    { a: '1' },
    '[]',
    '{}',
    '',
    [''],
    [[]],
    -0,
    0,
  ]
  const base = { principal: { type: 'U', id: '' }, action: { type: 'A', id: '' }, resource: { type: 'R', id: '' } }
  const keys = alike.map((a) => requestKey({ ...base, context: { a }, entities: [] }))
  assert.equal(new Set(keys).size, alike.length)
})

test('the order of fields, entities and parents does not change the key', () => {
  const a = {
    uid: { type: 'U', id: 'a' },
    attrs: { x: 1, y: 2 },
    parents: [
      { type: 'T', id: '1' },
      { type: 'T', id: '2' },
    ],
  }
  const b = { uid: { type: 'U', id: 'b' }, attrs: {}, parents: [] }
  const mirrored = { ...a, attrs: { y: 2, x: 1 }, parents: a.parents.toReversed() }
  const base = { principal: a.uid, action: { type: 'A', id: '' }, resource: b.uid, context: {} }
  assert.equal(requestKey({ ...base, entities: [a, b] }), requestKey({ ...base, entities: [b, mirrored] }))
})

test('no two entities have one name, wherever their type might seem to end and their id to begin', () => {
  const pieces = fc.array(fc.constantFrom('a', '::"', '::"', '"', '\\', '\n', '\ud800', 'é'), {
    minLength: 2,
    maxLength: 8,
  })
  fc.assert(
    fc.property(pieces, (parts) => {
      const readings = parts.flatMap((part, at) =>
        part === '::"' ? [{ type: parts.slice(0, at).join(''), id: parts.slice(at + 1).join('') }] : [],
      )
      assert.equal(new Set(readings.map(uidText)).size, new Set(readings.map((one) => JSON.stringify(one))).size)
    }),
    { numRuns: 10_000, seed: 9 },
  )
})
