import assert from 'node:assert/strict'
import fc from 'fast-check'
import { anyText } from '../../../test/any-text.ts'
import { onEveryEngine } from '../../test/room.ts'
import { systemRandom } from './random.ts'
import { BrokenSeal, givenKek, openSealer, WrongKey } from './seal.ts'

const random = systemRandom()
const now = new Date('2026-11-22T12:00:00.000Z')
const text = anyText({ maxLength: 30 })
const binding = fc.record({ table: text, row: text, column: text })

onEveryEngine('K1: what is sealed opens in its own table, row and column, and nowhere else', async ({ sealer }) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), binding, binding, (plain, at, elsewhere) => {
      const sealed = sealer.seal(plain, at)
      assert.deepEqual(new Uint8Array(sealer.open(sealed, at)), plain)
      if (JSON.stringify(at) !== JSON.stringify(elsewhere))
        assert.throws(() => sealer.open(sealed, elsewhere), BrokenSeal)
    }),
    { numRuns: 500 },
  )
  // Names that read alike when they are only put one after the other.
  const sealed = sealer.seal(Buffer.from('x'), { table: 'ab', row: 'c', column: 'd' })
  assert.throws(() => sealer.open(sealed, { table: 'a', row: 'bc', column: 'd' }), BrokenSeal)
  assert.throws(() => sealer.open(sealed, { table: 'ab', row: 'c","d', column: '' }), BrokenSeal)
})

onEveryEngine('one changed character of a sealed text is noticed, wherever it is', async ({ sealer }) => {
  const at = { table: 't', row: 'r', column: 'c' }
  const sealed = sealer.seal(Buffer.from('a secret'), at)
  for (let place = 0; place < sealed.length; place++) {
    const other = sealed[place] === 'A' ? 'Q' : 'A'
    const changed = sealed.slice(0, place) + other + sealed.slice(place + 1)
    assert.throws(() => assert.notEqual(sealer.open(changed, at).toString(), 'a secret'), changed)
  }
})

onEveryEngine('the data keys open with their own key-encryption key alone', async ({ database }) => {
  const kek = random.bytes(32)
  await database.writer.deleteFrom('kit_data_key').execute()
  const sealer = await openSealer(database.writer, givenKek(kek), random, now)
  const at = { table: 't', row: 'r', column: 'c' }
  const sealed = sealer.seal(Buffer.from('a secret'), at)
  const again = await openSealer(database.reader, givenKek(kek), random, now)
  assert.equal(again.open(sealed, at).toString(), 'a secret')
  for (const wrong of [undefined, random.bytes(32), random.bytes(16)])
    await assert.rejects(openSealer(database.reader, givenKek(wrong), random, now), WrongKey)
})

onEveryEngine('two seals of one text have nothing in common', async ({ sealer }) => {
  const at = { table: 't', row: 'r', column: 'c' }
  const nonces = Array.from({ length: 5_000 }, () => sealer.seal(Buffer.from('a secret'), at).split('.')[2])
  assert.equal(new Set(nonces).size, nonces.length)
})
