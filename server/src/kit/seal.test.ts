import assert from 'node:assert/strict'
import fc from 'fast-check'
import { anyText } from '../../../test/any-text.ts'
import { onEveryEngine } from '../../test/room.ts'
import { givenKek, WrongKey } from './key-wrapper.ts'
import { systemRandom } from './random.ts'
import { openSealer } from './seal.ts'
import { BrokenSeal } from './seal-box.ts'
import { rewrapDataKey } from './store-data-key.ts'

const random = systemRandom()
const given = { random, clock: { now: () => new Date('2026-11-22T12:00:00.000Z') } }
const text = anyText({ maxLength: 30 })
const binding = fc.record({ table: text, row: text, column: text })

onEveryEngine('K1: what is sealed opens in its own table, row and column, and nowhere else', async ({ sealer }) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), binding, text, (plain, at, other) => {
      const sealed = sealer.seal(plain, at)
      assert.deepEqual(new Uint8Array(sealer.open(sealed, at)), plain)
      // Each part by itself: two places that differ in all of them would not tell whether all of them count.
      for (const part of ['table', 'row', 'column'] as const)
        if (at[part] !== other) assert.throws(() => sealer.open(sealed, { ...at, [part]: other }), BrokenSeal, part)
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
  const sealer = await openSealer(database.writer, givenKek(kek), given)
  await sealer.reserve(database)
  const at = { table: 't', row: 'r', column: 'c' }
  const sealed = sealer.seal(Buffer.from('a secret'), at)
  const again = await openSealer(database.reader, givenKek(kek), given)
  assert.equal(again.open(sealed, at).toString(), 'a secret')
  for (const wrong of [undefined, random.bytes(32), random.bytes(16)])
    await assert.rejects(openSealer(database.reader, givenKek(wrong), given), WrongKey)
})

onEveryEngine('two seals of one text have nothing in common', async ({ sealer }) => {
  const at = { table: 't', row: 'r', column: 'c' }
  const nonces = Array.from({ length: 5_000 }, () => sealer.seal(Buffer.from('a secret'), at).split('.')[2])
  assert.equal(new Set(nonces).size, nonces.length)
})

onEveryEngine(
  'K2: a key of before opens what it wrapped until that was wrapped anew, and nothing after',
  async ({ database }) => {
    const [before, after] = [random.bytes(32), random.bytes(32)]
    await database.writer.deleteFrom('kit_data_key').execute()
    const at = { table: 't', row: 'r', column: 'c' }
    const first = await openSealer(database.writer, givenKek(before), given)
    await first.reserve(database)
    const sealed = first.seal(Buffer.from('a secret'), at)
    const between = await openSealer(database.reader, givenKek(after, before), given)
    assert.equal(between.open(sealed, at).toString(), 'a secret')
    const rewrapped = await between.rewrapped()
    assert.equal(rewrapped.length, 1)
    await database.write(async (tx) => {
      for (const key of rewrapped) await rewrapDataKey(tx, key)
    })
    const alone = await openSealer(database.reader, givenKek(after), given)
    assert.equal(alone.open(sealed, at).toString(), 'a secret')
    assert.deepEqual(await alone.rewrapped(), [])
    await assert.rejects(openSealer(database.reader, givenKek(before), given), WrongKey)
  },
)

onEveryEngine('K2: a data key from before its wrapper was written down is found by trying', async ({ database }) => {
  const [before, after] = [random.bytes(32), random.bytes(32)]
  await database.writer.deleteFrom('kit_data_key').execute()
  await openSealer(database.writer, givenKek(before), given)
  await database.writer.updateTable('kit_data_key').set({ kek: null }).execute()
  await openSealer(database.reader, givenKek(after, before), given)
  await assert.rejects(openSealer(database.reader, givenKek(after), given), WrongKey)
})
