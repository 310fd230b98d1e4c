import assert from 'node:assert/strict'
import { existsSync, mkdtempDisposableSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { testClock } from '../../test/clock.ts'
import { createLog } from './log.ts'
import { systemRandom } from './random.ts'
import { createStartPause } from './start-pause.ts'

const setUp = () => {
  const folder = mkdtempDisposableSync(join(tmpdir(), 'reeve-starts-'))
  const file = join(folder.path, 'starts')
  const clock = testClock()
  const pauses: number[] = []
  const start = () =>
    createStartPause(file, {
      ...{ clock, random: systemRandom(), log: createLog('silent') },
      pause: async (ms) => pauses.push(ms),
    })
  return { folder, file, clock, pauses, start }
}

test('A8: starts that never get ready wait twice as long each time, and no longer than some seconds', async () => {
  const { folder, pauses, start } = setUp()
  using _ = folder
  for (let at = 0; at < 10; at++) await start().begin()
  assert.equal(pauses.length, 7, 'the first three wait for nothing')
  const whole = [500, 1000, 2000, 4000, 8000, 8000, 8000]
  for (const [at, ms] of pauses.entries()) {
    const wholeMs = whole[at] ?? 0
    assert.ok(ms >= wholeMs / 2 && ms <= wholeMs, `${ms} of ${wholeMs}`)
  }
})

test('A8: a start that got ready, and a minute without one, begin anew', async () => {
  const { folder, file, clock, pauses, start } = setUp()
  using _ = folder
  for (let at = 0; at < 3; at++) await start().begin()
  start().ready()
  assert.equal(existsSync(file), false)
  for (let at = 0; at < 3; at++) await start().begin()
  clock.advance(60_000)
  await start().begin()
  assert.deepEqual(pauses, [])
})

test('a count that cannot be read or kept stops no start', async () => {
  const { folder, file, pauses, start } = setUp()
  using _ = folder
  writeFileSync(file, 'what is this')
  await start().begin()
  const nowhere = createStartPause(join(folder.path, 'not', 'there'), {
    ...{ clock: testClock(), random: systemRandom(), log: createLog('silent') },
    pause: async (ms) => pauses.push(ms),
  })
  for (let at = 0; at < 5; at++) await nowhere.begin()
  nowhere.ready()
  assert.deepEqual(pauses, [])
})
