import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { createPollWaits } from './poll-waits.ts'

test('a wait that a newer one ended while it looked for news is over, and does not end the newer one', async () => {
  const listeners = new Set<() => void>()
  const waits = createPollWaits({
    secondsMax: 30,
    onNews: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
  const news = (): void => {
    for (const listener of listeners) listener()
  }
  const older = waits.begin('s', new Socket())
  const woken = older.next()
  news()
  assert.equal(await woken, true)
  const newer = waits.begin('s', new Socket())
  const told = newer.next()
  assert.equal(await older.next(), false)
  older.end()
  news()
  assert.equal(await told, true)
  newer.end()
})
