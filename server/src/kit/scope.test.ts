import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { byText, newestFirst, readParts } from './scope.ts'

interface Row {
  readonly id: string
  readonly at: number
  readonly team: string
}

const NOBODY = ''
const anyRows: fc.Arbitrary<readonly Row[]> = fc.uniqueArray(
  fc.record({
    id: fc.string({ maxLength: 3 }),
    at: fc.integer({ min: 0, max: 3 }),
    team: fc.constantFrom('a', 'b', 'c', NOBODY),
  }),
  { selector: ({ id }) => id },
)
const orders = {
  byText: byText<Row>(({ id }) => id),
  newestFirst: newestFirst<Row>(
    ({ at }) => at,
    ({ id }) => id,
  ),
}

test('what is read in parts is the beginning of what belongs to the teams and to nobody, in order, each row once', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyRows,
      fc.subarray(['a', 'b', 'd']),
      fc.boolean(),
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom('byText', 'newestFirst'),
      async (rows, teams, hasCommon, limit, order) => {
        const isBefore = orders[order]
        const inOrder = [...rows].sort((one, other) => (isBefore(one, other) ? -1 : 1))
        const read = async (part: string | undefined) =>
          inOrder.filter(({ team }) => part === undefined || team === part).slice(0, limit)
        const parts = { limit, isBefore, ...(hasCommon ? { common: NOBODY } : {}) }
        const seen = inOrder.filter(({ team }) => teams.includes(team) || (hasCommon && team === NOBODY))
        const twice = { all: false, teams: [...teams, ...teams] } as const
        assert.deepEqual(await readParts(twice, parts, read), seen.slice(0, limit))
        assert.deepEqual(await readParts({ all: true }, parts, read), inOrder.slice(0, limit))
      },
    ),
  )
})
