import assert from 'node:assert/strict'
import fc from 'fast-check'
import { bot, openInventory, team } from '../../test/inventory.ts'
import { onEveryEngine, type Room } from '../../test/room.ts'
import type { Identity } from './domain/identity.ts'
import { isBefore, type Place, SORTS, type Sought } from './domain/search.ts'
import { fieldTerm, tagTerm, termsOf, wordTerm } from './domain/terms.ts'
import type { SearchBounds } from './search.ts'
import { findPageWithin, ownedBy } from './search-within.ts'
import { identitiesByName } from './store-identity.ts'
import { markUsed } from './store-use.ts'

const DAY_MS = 86_400_000
const COUNT = 50

const fill = async (room: Room): Promise<readonly Identity[]> => {
  const { call } = openInventory(room)
  await call('team.create', team())
  await call('team.create', team('other'))
  const names = Array.from({ length: COUNT }, (_, i) => `${['orders', 'order', 'billing'][i % 3]}-${i % 2}${i}`)
  const now = room.clock.now().getTime()
  for (const [i, name] of names.entries()) {
    room.clock.step((i % 3) * DAY_MS + now - room.clock.now().getTime())
    const made = await call('identity.create', {
      ...bot(name),
      owner: i % 3 === 0 ? 'other' : 'payments',
      kind: i % 4 === 0 ? 'agent' : 'bot',
      environment: i % 2 === 0 ? 'dev' : 'production',
      purpose: i % 5 === 0 ? 'copies rare things' : 'copies orders',
      expiresAt: `${(i % 6) * 20 + 10}d`,
      reviewAt: `${(i % 3) + 1}d`,
      tags: { ...bot().tags, region: `r${i % 3}` },
    })
    if (i % 3 > 0)
      await room.database.write((tx) =>
        markUsed(tx, [{ identity: made.id, at: new Date(now - (i % 4) * DAY_MS) }], room.clock.now()),
      )
  }
  return identitiesByName(room.database.reader, names.sort())
}

const START = new Date('2026-11-22T12:00:00Z').getTime()
const anySought: fc.Arbitrary<Sought> = fc.record({
  terms: fc.uniqueArray(
    fc.constantFrom(
      { term: fieldTerm('kind', 'agent'), column: { name: 'kind' as const, value: 'agent' } },
      { term: fieldTerm('environment', 'dev'), column: { name: 'environment' as const, value: 'dev' } },
      { term: fieldTerm('state', 'active'), column: { name: 'state' as const, value: 'active' } },
      { term: fieldTerm('state', 'retired'), column: undefined },
      { term: tagTerm('region', 'r1'), column: undefined },
      { term: tagTerm('region', 'r2'), column: undefined },
    ),
    { maxLength: 3, selector: ({ term }) => term },
  ),
  ranges: fc.uniqueArray(
    fc.oneof(
      fc.record({ column: fc.constant('used_at' as const), before: fc.constantFrom(0, 1, START - DAY_MS, START + 1) }),
      fc.record({
        column: fc.constant('expires_at' as const),
        before: fc.integer({ min: 0, max: 120 }).map((days) => START + days * DAY_MS),
      }),
      fc.record({
        column: fc.constant('review_at' as const),
        before: fc.integer({ min: 0, max: 4 }).map((days) => START + days * DAY_MS),
      }),
      fc.record({
        column: fc.constant('created_at' as const),
        from: fc.option(fc.constantFrom(START, START + DAY_MS, START + 3 * DAY_MS), { nil: undefined }),
        before: fc.option(fc.constantFrom(START, START + 1, START + 2 * DAY_MS), { nil: undefined }),
      }),
    ),
    { maxLength: 2, selector: (range) => range.column },
  ),
  text: fc.option(
    fc.constantFrom(
      { words: ['orders'], prefix: 'orders' },
      { words: ['order'], prefix: 'order' },
      { words: ['order'], prefix: 'order-' },
      { words: ['rare'], prefix: 'rare' },
      { words: ['copies', 'rare'], prefix: undefined },
      { words: ['orders', '11'], prefix: 'orders-11' },
      { words: [], prefix: undefined },
      { words: ['b'], prefix: 'b' },
    ),
    { nil: undefined },
  ),
  sort: fc.constantFrom(...SORTS),
})

const anyBounds: fc.Arbitrary<SearchBounds> = fc.record({
  rareMax: fc.integer({ min: 0, max: 60 }),
  chunkMax: fc.integer({ min: 1, max: 20 }),
  looksMax: fc.integer({ min: 1, max: 60 }),
})

const keyOf = (identity: Identity, sort: Sought['sort']): number => {
  if (sort === 'name') return 0
  if (sort === 'lastUsedAt') return identity.lastUsedAt?.getTime() ?? 0
  if (sort === 'createdAt') return identity.createdAt.getTime()
  return (sort === 'expiresAt' ? identity.expires.at : identity.review.at).getTime()
}

const COLUMNS = {
  used_at: 'lastUsedAt',
  expires_at: 'expiresAt',
  review_at: 'reviewAt',
  created_at: 'createdAt',
} as const

const holds = (identity: Identity, { terms, ranges, text }: Sought): boolean => {
  const has = new Set(termsOf(identity))
  const isNamed = text?.prefix !== undefined && identity.name.startsWith(text.prefix)
  const isTold = text !== undefined && text.words.length > 0 && text.words.every((word) => has.has(wordTerm(word)))
  return (
    terms.every(({ term }) => has.has(term)) &&
    ranges.every(({ column, from = 0, before = Number.POSITIVE_INFINITY }) => {
      const at = keyOf(identity, COLUMNS[column])
      return from <= at && at < before
    }) &&
    (text === undefined || isNamed || isTold)
  )
}

onEveryEngine(
  'whatever is sought, in whatever order with whatever bounds and by whichever teams, the pages are what a full look gives',
  async (room) => {
    const register = await fill(room)
    assert.equal(register.length, COUNT)
    const owner = register[0]?.ownerId ?? ''
    const owners = [...new Set(register.map(({ ownerId }) => ownerId))]
    assert.equal(owners.length, 2)
    const anyScope = fc.oneof(
      fc.constant({ all: true } as const),
      fc.subarray([...owners, 'team_without']).map((teams) => ({ all: false, teams }) as const),
    )
    await fc.assert(
      fc.asyncProperty(
        anySought,
        anyBounds,
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        anyScope,
        async (some, bounds, limit, isOwned, scope) => {
          const sought = isOwned ? { ...some, terms: [...some.terms, ownedBy(owner)] } : some
          const expected = register
            .filter((identity) => holds(identity, sought))
            .filter(({ ownerId }) => scope.all || scope.teams.includes(ownerId))
            .map((identity) => ({ key: keyOf(identity, sought.sort), name: identity.name }))
            .sort((one, other) => (isBefore(one, other) ? -1 : 1))
            .map((place) => place.name)
          const names: string[] = []
          let after: Place | undefined
          do {
            const page = await findPageWithin(room.database.reader, scope, sought, after, limit, bounds)
            assert.ok(page.places.length <= limit)
            names.push(...page.places.map(({ name }) => name))
            after = page.next
          } while (after !== undefined)
          assert.deepEqual(names, expected)
        },
      ),
      { numRuns: room.engine === 'sqlite' ? 400 : 60 },
    )
  },
)
