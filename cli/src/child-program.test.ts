import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFakeClock } from '../../sdk/test/fake-clock.ts'
import { runChild } from './child-program.ts'
import { CommandError } from './exit-code.ts'

test('a program that the system refuses at once is told of as one that it refuses later', async () => {
  for (const [words, why] of [
    [[process.execPath, 'x'.repeat(200_000)], /cannot be run \(E2BIG\)/],
    [['no-such-program'], /there is no program no-such-program/],
    [[import.meta.dirname], /cannot be run \(EACCES\)/],
  ] as const)
    await assert.rejects(
      runChild({ clock: createFakeClock() }, words, () => ({})).ended,
      (error) => error instanceof CommandError && why.test(error.message),
    )
})

test('a program that does not end for a restart is killed, and started again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-child-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const deaf = join(folder, 'deaf')
  const clock = createFakeClock()
  let starts = 0
  const program = `setInterval(() => {}, 1000); process.on('SIGTERM', () => {});
    require('node:fs').writeFileSync(${JSON.stringify(deaf)}, '');`
  const child = runChild({ clock }, [process.execPath, '-e', program], () => {
    starts += 1
    // The second one ends by itself, with 9.
    return starts === 1 ? {} : { NODE_OPTIONS: '--no-such-option' }
  })
  while (!existsSync(deaf)) await new Promise((resolve) => setImmediate(resolve))
  child.restart()
  assert.equal(clock.timers, 1)
  clock.advance(10_000)
  assert.equal(await child.ended, 9)
  assert.equal(starts, 2)
  assert.equal(clock.timers, 0)
})

test('a restart that is under way is given up when the end is asked for, and none comes after it', async () => {
  const clock = createFakeClock()
  let starts = 0
  const child = runChild({ clock }, [process.execPath, '-e', 'setInterval(() => {}, 1000)'], () => {
    starts += 1
    return {}
  })
  child.restart()
  child.keepEnded()
  child.restart()
  assert.equal(clock.timers, 0)
  assert.equal(await child.ended, 143)
  assert.equal(starts, 1)
})
