import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { startReeve } from './reeve-process.ts'

test('who rotates again what is being rotated is told which rotation runs, and how it is taken back', async () => {
  const { here, folder, stop } = await startReeve()
  try {
    const file = (name: string): string => join(folder, name)
    const ran = async (...words: readonly string[]) => here(['credential', ...words])
    assert.equal((await ran('add', 'orders-api', '--new-key', file('one.jwk'))).code, 0)
    const first = await ran('rotate', 'orders-api', '--new-key', file('two.jwk'), '--json')
    assert.equal(first.code, 0, first.err)
    const { credential, replaces } = JSON.parse(first.out)
    const again = await ran('rotate', 'orders-api', '--new-key', file('three.jwk'))
    assert.equal(again.code, 6, again.err)
    assert.match(
      again.err,
      /^error: orders-api has no other credential to rotate than one that is being rotated already$/m,
    )
    assert.match(again.err, new RegExp(`^ {2}${replaces.id} is replaced by ${credential.id}$`, 'm'))
    assert.match(again.err, new RegExp(`take it back: reeve credential rollback ${replaces.id}$`, 'm'))
  } finally {
    await stop()
  }
})
