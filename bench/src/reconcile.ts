import { createHash } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { migrations } from '../../server/migrations/index.ts'
import { inventoryOperations } from '../../server/src/inventory/index.ts'
import type { InventoryPorts } from '../../server/src/inventory/room.ts'
import type { Database } from '../../server/src/kit/database.ts'
import { insertRows } from '../../server/src/kit/insert-rows.ts'
import { migrate } from '../../server/src/kit/migrate.ts'
import { runText } from '../../server/src/kit/run-text.ts'
import { load } from './list/load.ts'
import { openPipeline } from './list/pipeline.ts'
import { onPlaces, type Place } from './list/places.ts'
import { createRegister, NOW, type Register } from './list/register.ts'

// How long a scan takes to become part of a register: through the operation and the pipeline, batch by batch, each
// committed with its record. Half of what is seen is found to be an identity by one of its keys. Then the same scan again.

const { values } = parseArgs({
  options: {
    identities: { type: 'string', default: '100000' },
    sightings: { type: 'string', default: '50000' },
    seconds: { type: 'string', default: '0' },
  },
})
const identities = Number(values.identities)
const sightings = Number(values.sightings)
if (!(identities >= 1000)) throw new RangeError('--identities is a number of at least 1000')
if (!(sightings >= 500)) throw new RangeError('--sightings is a number of at least 500')

const SECONDS_MAX = 60
const BATCH = 500

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

const notAsked = async (): Promise<never> => {
  throw new Error('an import asks nothing of this')
}

const run = async ({ engine, open, seeder }: Place): Promise<Figures> => {
  const register = createRegister(identities)
  const empty = open()
  await migrate(empty.writer, migrations)
  await empty.close()
  await load(register, [], [await seeder()])
  const database = open()
  try {
    await nameKeys(database, register)
    const importing = await importer(database)
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

const arnOf = (i: number): string => `aws:arn:aws:iam::${100_000_000_000 + (i % 400)}:role/job-${i}`

// Every other sighting has a key that somebody said to be an identity's.
const nameKeys = async (database: Database, register: Register): Promise<void> => {
  const rows = Array.from({ length: Math.floor(sightings / 2) }, (_, i) => {
    const identity = register.identityAt((i * 3) % identities)
    return [`als_${i}`, `subject:${i * 2}`, identity.id, 'said so', 0]
  })
  await database.write(async (tx) => {
    await insertRows('inventory_alias', ['id', 'key', 'identity_id', 'because', 'since']).into(tx, rows)
  })
}

const sightingAt = (i: number) => {
  const where = { path: `accounts/${i % 400}.json`, line: 1 + (i % 9000), repository: 'estate', inRepository: 'a.json' }
  const reach = (what: string) => ({ what, access: 'write', because: 'a policy that is attached to it' })
  return {
    source: 'aws',
    kind: 'account',
    name: `role job-${i} of AWS account ${i % 400}`,
    stableKey: arnOf(i),
    keys: [`subject:${i}`, `oidc:https://ci.example.com#repo:acme/service-${i}:ref:refs/heads/main`],
    repository: 'estate',
    where,
    reaches: [reach(`bucket ${i % 5000}`), reach(`queue ${i % 700}`)],
    evidence: [`AWS role ${arnOf(i)}`, 'policy deploy', 'trusts the issuer of the CI'],
    environment: { value: i % 3 === 0 ? 'production' : 'staging', because: 'its name says so' },
    ownerHint: i % 2 === 0 ? { value: '@acme/platform', because: 'a tag' } : null,
    traits: [
      { trait: 'aws:reach', detail: 'writes to a bucket', where },
      {
        trait: 'secret:aws-key',
        detail: 'AWS key',
        where,
        credential: {
          type: 'api-key',
          provider: 'AWS',
          fingerprint: (i % 40_000).toString(16).padStart(32, '0'),
          tail: 'Ab3d',
        },
      },
    ],
  }
}

const importer = async (database: Database) => {
  const { pipeline, cursors, caller } = await openPipeline(database)
  const plug = inventoryOperations.map((unplugged) => unplugged(portsOf(cursors)))
  const operation = plug.find(({ name }) => name === 'inventory.sighting.import')
  if (operation === undefined) throw new Error('there is no import')
  const scannedAt = NOW.toISOString()
  return async (): Promise<{
    seconds: number
    cpuSeconds: number
    joined: number
    changed: number
    created: number
  }> => {
    const sum = { joined: 0, changed: 0, created: 0 }
    const startedAt = performance.now()
    const cpuBefore = process.cpuUsage()
    for (let start = 0; start < sightings; start += BATCH) {
      const end = Math.min(sightings, start + BATCH)
      const done = Object(
        await pipeline.call(
          operation,
          {
            sightings: Array.from({ length: end - start }, (_, i) => sightingAt(start + i)),
            saltId: '0123456789abcdef',
            scan: { name: 'estate', scannedAt, complete: end === sightings, isJudged: true },
          },
          caller,
        ),
      )
      sum.joined += done.joined
      sum.changed += done.changed
      sum.created += done.created
    }
    const { user, system } = process.cpuUsage(cpuBefore)
    const cpuSeconds = Math.round((user + system) / 10_000) / 100
    return { ...sum, cpuSeconds, seconds: Math.round((performance.now() - startedAt) / 10) / 100 }
  }
}

const neverSealed = (): never => {
  throw new Error('an import seals nothing')
}

const portsOf = (cursors: InventoryPorts['cursors']): InventoryPorts => ({
  cursors,
  stops: { stop: notAsked, lift: notAsked, moved: notAsked, unconfirmed: notAsked },
  impact: { credentials: notAsked, grants: notAsked, recentUse: notAsked },
  approvals: { spend: notAsked },
  keys: { holders: async () => new Map() },
  belongings: { give: notAsked },
  endings: { retire: notAsked },
  connectors: { sealer: { seal: neverSealed }, vendors: { problem: neverSealed } },
})

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
