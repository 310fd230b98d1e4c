import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BLAST_RADII, BOUNDARIES, FUNCTIONS, KINDS } from './identity.ts'
import {
  deniesReadOnly,
  effectiveBlastRadius,
  type Graded,
  isLowered,
  NO_RIGHTS,
  type Rights,
  type Tier,
  tierOf,
} from './tier.ts'

const graded = (change: Partial<Omit<Graded, 'classification'>> & Partial<Graded['classification']> = {}): Graded => ({
  kind: change.kind ?? 'bot',
  environment: change.environment ?? 'production',
  classification: {
    functions: change.functions ?? ['sync'],
    boundary: change.boundary ?? 'internal',
    blastRadius: change.blastRadius ?? 'read-only',
  },
  rights: change.rights ?? NO_RIGHTS,
})

const rights = (change: Partial<Rights>): Rights => ({ ...NO_RIGHTS, ...change })

const TABLE: readonly (readonly [string, Graded, Tier])[] = [
  ['privileged in dev', graded({ blastRadius: 'privileged', environment: 'dev' }), 'high'],
  ['impersonating in dev', graded({ blastRadius: 'impersonating', environment: 'dev' }), 'high'],
  ['granted privileges', graded({ blastRadius: 'write-limited', rights: rights({ isPrivileged: true }) }), 'high'],
  ['granted impersonation', graded({ rights: rights({ impersonates: true }) }), 'high'],
  ['granted sensitive writes in production', graded({ rights: rights({ writesSensitiveProduction: true }) }), 'high'],
  ['regulated and writing in production', graded({ boundary: 'regulated', blastRadius: 'write-limited' }), 'high'],
  ['internet and writing in production', graded({ boundary: 'internet', blastRadius: 'write-limited' }), 'high'],
  [
    'internet and granted production writes',
    graded({ boundary: 'internet', environment: 'dev', rights: rights({ writesProduction: true }) }),
    'high',
  ],
  [
    'a deciding agent that writes in production',
    graded({ kind: 'agent', functions: ['decide'], blastRadius: 'write-limited' }),
    'high',
  ],
  [
    'a deciding agent that writes in a part of production',
    graded({ kind: 'agent', functions: ['decide'], blastRadius: 'write-limited', environment: 'production-eu' }),
    'high',
  ],
  ['a deciding agent that reads in production', graded({ kind: 'agent', functions: ['decide'] }), 'low'],
  ['an agent that does not decide and writes', graded({ kind: 'agent', blastRadius: 'write-limited' }), 'medium'],
  ['a deciding bot that writes', graded({ functions: ['decide'], blastRadius: 'write-limited' }), 'medium'],
  [
    'internet and writing in staging',
    graded({ boundary: 'internet', blastRadius: 'write-limited', environment: 'staging' }),
    'medium',
  ],
  ['writing in dev', graded({ blastRadius: 'write-limited', environment: 'dev' }), 'medium'],
  ['granted writes', graded({ rights: rights({ writes: true }) }), 'medium'],
  ['granted sensitive reads', graded({ rights: rights({ readsSensitive: true }) }), 'medium'],
  ['regulated and reading in dev', graded({ boundary: 'regulated', environment: 'dev' }), 'medium'],
  ['a third party in production', graded({ boundary: 'third-party' }), 'medium'],
  ['a third party in staging', graded({ boundary: 'third-party', environment: 'staging' }), 'low'],
  ['reading in production', graded(), 'low'],
  ['internet and reading in production', graded({ boundary: 'internet' }), 'low'],
]

for (const [what, given, tier] of TABLE) test(`${what} is ${tier}`, () => assert.equal(tierOf(given), tier))

const RANK = { low: 0, medium: 1, high: 2 }

const anyRights = fc.record({
  writes: fc.boolean(),
  isPrivileged: fc.boolean(),
  impersonates: fc.boolean(),
  writesSensitiveProduction: fc.boolean(),
  writesProduction: fc.boolean(),
  readsSensitive: fc.boolean(),
})

const anyGraded: fc.Arbitrary<Graded> = fc.record({
  kind: fc.constantFrom(...KINDS),
  environment: fc.constantFrom('dev', 'staging', 'production', 'production-eu'),
  classification: fc.record({
    functions: fc.uniqueArray(fc.constantFrom(...FUNCTIONS), { minLength: 1 }),
    boundary: fc.constantFrom(...BOUNDARIES),
    blastRadius: fc.constantFrom(...BLAST_RADII),
  }),
  rights: anyRights,
})

/** Every way to raise one thing about an identity. */
const raised = (given: Graded): readonly Graded[] => {
  const { classification: declared } = given
  const wider = BLAST_RADII.slice(BLAST_RADII.indexOf(declared.blastRadius) + 1)
  return [
    ...RIGHTS.map((right) => ({ ...given, rights: { ...given.rights, [right]: true } })),
    ...wider.map((blastRadius) => ({ ...given, classification: { ...declared, blastRadius } })),
    ...FUNCTIONS.map((one) => ({ ...given, classification: { ...declared, functions: [...declared.functions, one] } })),
    { ...given, environment: 'production' },
    { ...given, kind: 'agent' },
    ...(declared.boundary === 'internal'
      ? BOUNDARIES.map((boundary) => ({ ...given, classification: { ...declared, boundary } }))
      : []),
  ]
}

const RIGHTS = Object.keys(NO_RIGHTS)

test('raising anything about an identity never lowers its tier', () => {
  fc.assert(
    fc.property(anyGraded, (given) => {
      for (const more of raised(given)) assert.ok(RANK[tierOf(more)] >= RANK[tierOf(given)], JSON.stringify(more))
    }),
    { numRuns: 2000 },
  )
})

test('whatever is declared, the tier is at least that of what is granted, and the reverse', () => {
  fc.assert(
    fc.property(anyGraded, (given) => {
      const grantedOnly = { ...given, classification: { ...given.classification, blastRadius: 'read-only' as const } }
      const declaredOnly = { ...given, rights: NO_RIGHTS }
      assert.ok(RANK[tierOf(given)] >= RANK[tierOf(grantedOnly)])
      assert.ok(RANK[tierOf(given)] >= RANK[tierOf(declaredOnly)])
    }),
    { numRuns: 2000 },
  )
})

test('read-only is contradicted by exactly the rights that write', () => {
  fc.assert(
    fc.property(anyRights, (given) => {
      const { readsSensitive: _, ...writing } = given
      assert.equal(deniesReadOnly('read-only', given), Object.values(writing).includes(true))
      assert.equal(effectiveBlastRadius('impersonating', given), 'impersonating')
    }),
  )
})

test('what is not told to lower the tier lowers it with no rights at all, and what is told does with some', () => {
  fc.assert(
    fc.property(anyGraded, anyGraded, anyRights, (before, after, rights) => {
      const isLower = (one: typeof rights) =>
        RANK[tierOf({ ...after, rights: one })] < RANK[tierOf({ ...before, rights: one })]
      if (!isLowered(before, after)) assert.ok(!isLower(rights) && !isLower(before.rights))
      else assert.ok(EVERY.some(isLower))
    }),
    { numRuns: 2000 },
  )
})

const EVERY = Array.from({ length: 2 ** RIGHTS.length }, (_, bits) => ({
  ...NO_RIGHTS,
  ...Object.fromEntries(RIGHTS.map((name, at) => [name, ((bits >> at) & 1) === 1])),
}))
