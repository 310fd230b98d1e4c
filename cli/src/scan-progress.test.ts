import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanProgress } from './scan-progress.ts'

test('the line says how many files, how fast and how long still, ten times a second at most, and is taken away', () => {
  let nowMs = 0
  const written: string[] = []
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} }
  const progress = scanProgress(1_000, clock, (text) => written.push(text))
  for (let at = 0; at < 500; at += 1) {
    nowMs += 2
    progress.onFile()
  }
  assert.equal(written.length, 10)
  assert.equal(written.at(-1), '\r\u001b[2K[############............] 500 of 1000 files, 500 files/s, 1 s left')
  progress.end()
  assert.equal(written.at(-1), '\r\u001b[2K')
})

test('a scan that is over at once draws nothing', () => {
  const written: string[] = []
  const clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} }
  const progress = scanProgress(1, clock, (text) => written.push(text))
  progress.onFile()
  progress.end()
  assert.deepEqual(written, [])
})
