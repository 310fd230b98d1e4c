import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { migrations } from '../../migrations/index.ts'
import { openDatabase } from '../../src/kit/database.ts'
import { givenKek } from '../../src/kit/key-wrapper.ts'
import { migrate } from '../../src/kit/migrate.ts'
import { systemRandom } from '../../src/kit/random.ts'
import { openSealer } from '../../src/kit/seal.ts'
import { insertDataKey } from '../../src/kit/store-data-key.ts'
import { makePlace, type Place } from '../process.ts'

const ROWS = 450
const KILLS = 4
const random = systemRandom()

for (const engine of ['sqlite', 'postgres'] as const)
  test(`K2: sealing anew is killed again and again, goes on each time, and every text opens at every moment [${engine}]`, async (t) => {
    const place = await makePlace(engine)
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      await killWhileSealing(place, t)
    } finally {
      await place.remove()
    }
  })

const killWhileSealing = async (place: Place, t: TestContext): Promise<void> => {
  const url = place.environment.REEVE_DATABASE_URL
  const where = url ?? join(place.folder, 'sealed.db')
  const open = () => openDatabase(url === undefined ? { sqliteFile: where } : { postgresUrl: where, poolSize: 2 })
  const kek = random.bytes(32)
  const given = { random, clock: { now: () => new Date(Date.now() + 120_000) } }
  const database = open()
  await migrate(database.writer, migrations)
  const old = await database.write((tx) => openSealer(tx, givenKek(kek), given))
  await old.reserve(database)
  const rows = Array.from({ length: ROWS }, (_, at) => ({ caller: 'nhi_a', key: `key ${at}` }))
  const bindingOf = (row: (typeof rows)[number]) => ({
    ...{ table: 'kit_idempotency', column: 'response' },
    row: JSON.stringify([row.caller, row.key]),
  })
  await database.write(async (tx) => {
    for (const row of rows) {
      const response = old.seal(Buffer.from(row.key), bindingOf(row))
      await tx
        .insertInto('kit_idempotency')
        .values({ ...row, request: 'r', response, until: 1 })
        .execute()
    }
    const made = await old.makeKey(random.id('dek'))
    await insertDataKey(tx, { ...made, createdAt: Date.now() + 1, usableFrom: Date.now() })
  })
  await database.close()

  /** How many are sealed with the new key; every one opens. */
  const count = async (): Promise<number> => {
    const reader = open()
    try {
      const sealer = await openSealer(reader.reader, givenKek(kek), given)
      const stored = await reader.reader.selectFrom('kit_idempotency').select(['caller', 'key', 'response']).execute()
      assert.equal(stored.length, ROWS)
      for (const row of stored) assert.equal(sealer.open(row.response, bindingOf(row)).toString(), row.key)
      return stored.filter(({ response }) => response.split('.')[1] === sealer.sealsWith()).length
    } finally {
      await reader.close()
    }
  }
  const program = join(import.meta.dirname, 'reseal.ts')
  const start = () =>
    spawn(process.execPath, [program, where, kek.toString('base64')], { stdio: ['ignore', 'pipe', 'inherit'] })
  const done: number[] = [await count()]
  assert.equal(done[0], 0)
  for (let round = 0; round < KILLS; round++) {
    const child = start()
    // Killed right after it said so: the next step has begun or is about to.
    for (let said = ''; said.split('\n').length <= round + 1; ) said += String((await once(child.stdout, 'data'))[0])
    child.kill('SIGKILL')
    await once(child, 'exit')
    done.push(await count())
  }
  assert.ok(
    done.every((each, at) => at === 0 || each > (done[at - 1] ?? 0)),
    `each goes on where the last one was: ${done.join(', ')}`,
  )
  assert.ok((done.at(-1) ?? ROWS) < ROWS, 'no kill met the sealing')
  const last = start()
  last.stdout.resume()
  assert.deepEqual(await once(last, 'exit'), [0, null])
  assert.equal(await count(), ROWS)
  t.diagnostic(
    `killed after ${done.slice(1).join(', ')} of ${ROWS} texts; all open after each, all sealed anew at the end`,
  )
}
