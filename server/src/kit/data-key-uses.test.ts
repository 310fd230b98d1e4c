import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rounds } from '../../../test/rounds.ts'
import { onEveryEngine } from '../../test/room.ts'
import { countDataKeyUses, DATA_KEY_USES_MAX } from './data-key-uses.ts'
import { systemRandom } from './random.ts'
import { encrypt, KEY_BYTES } from './seal-box.ts'

const BLOCK = 2 ** 16
const random = systemRandom()

onEveryEngine(
  'K4: every use of a data key is counted before it is made, over all replicas, and none is made above the bound',
  async ({ database }) => {
    const [id] = (await database.reader.selectFrom('kit_data_key').select('id').execute()).map((row) => String(row.id))
    assert.ok(id)
    const usesNow = async () =>
      Number((await database.reader.selectFrom('kit_data_key').select('uses').executeTakeFirstOrThrow()).uses)
    const fail = (): never => {
      throw new Error('not durable')
    }
    let low = 0
    const [one, other] = [countDataKeyUses(() => low++), countDataKeyUses(() => undefined)]
    assert.throws(() => one.take(id), { code: 'unavailable' }, 'nothing is set aside yet')
    const reserve = (of: typeof one) => of.reserve(database, [id])
    const undone = { write: (work: Parameters<typeof database.write>[0]) => database.write(work).then(fail) }
    // biome-ignore lint/suspicious/noExplicitAny: the generic of `write` cannot be said of a fake
    await assert.rejects(one.reserve(undone as any, [id]), /not durable/)
    assert.throws(() => one.take(id), { code: 'unavailable' }, 'what is not known to be durable is nothing to use')
    const again = await usesNow()
    await reserve(one)
    await reserve(other)
    assert.equal(await usesNow(), again + 2 * BLOCK)
    low = 0
    for (let use = 0; use < BLOCK; use++) one.take(id)
    assert.equal(low, 1, 'it asked for more at half')
    assert.throws(() => one.take(id), { code: 'unavailable' })
    other.take(id)
    await database.write((tx) =>
      tx
        .updateTable('kit_data_key')
        .set({ uses: DATA_KEY_USES_MAX - BLOCK })
        .execute(),
    )
    await reserve(one)
    assert.equal(await usesNow(), DATA_KEY_USES_MAX)
    for (let use = 0; use < BLOCK; use++) one.take(id)
    await reserve(one)
    assert.equal(await usesNow(), DATA_KEY_USES_MAX)
    assert.throws(() => one.take(id), { code: 'unavailable' }, 'the bound')
  },
)

const ENCRYPTIONS = rounds({ quick: 100_000, full: 10_000_000 })

test(`K4: of ${ENCRYPTIONS} encryptions under one key no two have one nonce`, () => {
  const key = random.bytes(KEY_BYTES)
  const plain = Buffer.from('x')
  const at = { table: 't', row: 'r', column: 'c' }
  // Two thirds of a nonce: if these differ the nonces do, and ten million of them hardly ever meet by chance.
  const nonceOf = (text: string): Buffer => Buffer.from(text.split('.', 1)[0] ?? '', 'base64url')
  assert.equal(nonceOf(encrypt(key, plain, at, random)).length, 12)
  const beginnings = new BigUint64Array(ENCRYPTIONS)
  for (let use = 0; use < ENCRYPTIONS; use++)
    beginnings[use] = nonceOf(encrypt(key, plain, at, random)).readBigUInt64BE()
  beginnings.sort()
  let repeats = 0
  for (let use = 1; use < ENCRYPTIONS; use++) if (beginnings[use] === beginnings[use - 1]) repeats++
  assert.equal(repeats, 0)
})
