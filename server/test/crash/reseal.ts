import { openDatabase } from '../../src/kit/database.ts'
import { givenKek } from '../../src/kit/key-wrapper.ts'
import { systemRandom } from '../../src/kit/random.ts'
import { resealSome } from '../../src/kit/reseal.ts'
import { openSealer } from '../../src/kit/seal.ts'

// Seals anew in small steps, says after each how many, and is killed in the middle of it: see reseal-kill.test.ts.
const [where = '', kek = ''] = process.argv.slice(2)
const database = openDatabase(
  where.startsWith('postgres') ? { postgresUrl: where, poolSize: 2 } : { sqliteFile: where },
)
const later = new Date(Date.now() + 120_000)
const sealer = await openSealer(database.reader, givenKek(Buffer.from(kek, 'base64')), {
  random: systemRandom(),
  clock: { now: () => later },
})
await sealer.reserve(database)
for (let found = 1; found > 0; ) {
  found = await database.write((tx) => resealSome(tx, sealer, 3))
  process.stdout.write(`${found}\n`)
}
await database.close()
