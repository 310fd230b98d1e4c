import { createHash } from 'node:crypto'
import { migrations } from '../../server/migrations/index.ts'
import type { Database } from '../../server/src/kit/database.ts'
import { migrate } from '../../server/src/kit/migrate.ts'
import { runText } from '../../server/src/kit/run-text.ts'
import { load } from './list/load.ts'
import { openPipeline } from './list/pipeline.ts'
import { onPlaces, type Place } from './list/places.ts'
import { createRegister } from './list/register.ts'
import { importer, nameKeys } from './reconcile/estate.ts'
import { sizesGiven } from './reconcile/sizes.ts'

// How long a scan takes to become part of a register: through the operation and the pipeline, batch by batch, each
// committed with its record. Half of what is seen is found to be an identity by one of its keys. Then the same scan again.

const { identities, sightings } = sizesGiven()

const SECONDS_MAX = 60

interface Figures {
  readonly firstSeconds: number
  /** Of this process alone: what the machine does beside it is not in it. */
  readonly firstCpuSeconds: number
  readonly againSeconds: number
  readonly joined: number
  readonly changedAgain: number
}

const main = async (places: readonly Place[]): Promise<void> => {
  const found: Record<string, Figures> = {}
  for (const place of places) found[place.engine] = await run(place)
  const all = Object.values(found)
  const worst = Math.max(...all.map(({ firstSeconds, againSeconds }) => Math.max(firstSeconds, againSeconds)))
  const changedAgain = Math.max(...all.map((each) => each.changedAgain))
  console.log(
    JSON.stringify({
      bench: 'reconcile',
      unit: 's',
      worst,
      max: SECONDS_MAX,
      changedAgain,
      identities,
      sightings,
      ...found,
    }),
  )
  if (worst > SECONDS_MAX || changedAgain > 0) process.exitCode = 1
}

const run = async ({ engine, open, seeder }: Place): Promise<Figures> => {
  const register = createRegister(identities)
  const empty = open()
  await migrate(empty.writer, migrations)
  await empty.close()
  await load(register, [], [await seeder()])
  const database = open()
  try {
    await nameKeys(database, register, sightings)
    const importing = importer(await openPipeline(database), sightings)
    const first = await importing()
    const before = await contents(database)
    const again = await importing()
    const isSame = (await contents(database)) === before
    const changedAgain = isSame ? again.changed + again.created : sightings
    console.log(`${engine}: ${first.seconds.toFixed(1)} s, ${again.seconds.toFixed(1)} s again, ${first.joined} joined`)
    return {
      firstSeconds: first.seconds,
      firstCpuSeconds: first.cpuSeconds,
      againSeconds: again.seconds,
      joined: first.joined,
      changedAgain,
    }
  } finally {
    await database.close()
  }
}

const TABLES = [
  ...['inventory_sighting', 'inventory_sighting_scan', 'inventory_alias', 'inventory_secret', 'inventory_secret_place'],
  ...['inventory_reach', 'inventory_identity_seen'],
]

/** A digest of all that an import may write, but for the log. */
const contents = async (database: Database): Promise<string> => {
  const hash = createHash('sha256')
  for (const table of TABLES) {
    const rows = await runText(database.reader, `select * from ${table}`, [])
    for (const row of rows.map((each) => JSON.stringify(each)).sort()) hash.update(row)
  }
  return hash.digest('hex')
}

await onPlaces(main)
