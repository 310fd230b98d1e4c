import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lostTestsLines } from './tested-lines.ts'

test('a plan tells of each test fewer than when the folder was last applied', () => {
  const lines = (left: number, testsInForce: number) =>
    lostTestsLines({ tests: Array.from({ length: left }), testsInForce, directory: 'main' })
  assert.deepEqual([lines(3, 3), lines(4, 3), lines(0, 0)], [[], [], []])
  assert.deepEqual(lines(2, 3), ['! 2 tests are left of the 3 that main had when it was last applied'])
  assert.match(lines(0, 3)[0] ?? '', /^! no test is left of the 3 /)
})
