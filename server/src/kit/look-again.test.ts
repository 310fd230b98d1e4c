import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookAgain } from './look-again.ts'

test('a proof is looked at again once whenever memory moved on, also while it was looked at', async () => {
  let applied = 1
  let looks = 0
  let isStopped = false
  const looked = await lookAgain(
    async () => {
      looks++
      if (isStopped) throw new Error('stopped')
      // Another call brings memory forward while this one is at it.
      if (looks === 1) applied = 2
      return looks
    },
    () => applied,
  )
  assert.equal(looked.found, 1)
  await looked.stillProven()
  assert.equal(looks, 2)
  assert.equal(looked.stillProven(), undefined)
  isStopped = true
  assert.equal(looked.stillProven(), undefined)
  applied = 3
  await assert.rejects(async () => looked.stillProven(), /stopped/)
  await assert.rejects(async () => looked.stillProven(), /stopped/, 'a look that failed does not count as one')
})
