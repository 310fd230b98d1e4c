import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupFlush } from './group-flush.ts'

/** A file whose flushes end when they are told to. */
const heldFile = () => {
  const ends: PromiseWithResolvers<void>[] = []
  return {
    begun: () => ends.length,
    flush: () => {
      const end = Promise.withResolvers<void>()
      ends.push(end)
      return end.promise
    },
    end: (at: number) => ends[at]?.resolve(),
    fail: (at: number) => ends[at]?.reject(new Error('EIO')),
  }
}

const turn = () => new Promise((done) => setImmediate(done))

test('whoever writes while a flush runs is told only after one that began later', async () => {
  const file = heldFile()
  const flush = groupFlush(file.flush)
  const told: string[] = []
  const first = flush().then(() => told.push('first'))
  const second = flush().then(() => told.push('second'))
  const third = flush().then(() => told.push('third'))
  file.end(0)
  await first
  await turn()
  assert.deepEqual(told, ['first'])
  assert.equal(file.begun(), 2)
  file.end(1)
  await Promise.all([second, third])
  assert.deepEqual(told, ['first', 'second', 'third'])
  assert.equal(file.begun(), 2)
})

test('who comes after a flush has ended gets one of their own', async () => {
  const file = heldFile()
  const flush = groupFlush(file.flush)
  const first = flush()
  file.end(0)
  await first
  const second = flush()
  assert.equal(file.begun(), 2)
  file.end(1)
  await second
})

test('after a flush that failed nothing is acknowledged any more', async () => {
  const file = heldFile()
  const flush = groupFlush(file.flush)
  const first = flush()
  const second = flush()
  file.fail(0)
  await assert.rejects(first, /disk/)
  await assert.rejects(second, /disk/)
  await assert.rejects(flush(), /disk/)
  assert.equal(file.begun(), 1)
})
