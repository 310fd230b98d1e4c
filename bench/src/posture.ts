import { performance } from 'node:perf_hooks'
import { migrations } from '../../server/migrations/index.ts'
import type { Clock } from '../../server/src/kit/clock.ts'
import type { Database } from '../../server/src/kit/database.ts'
import { createOutbound } from '../../server/src/kit/fetch.ts'
import { insertRows } from '../../server/src/kit/insert-rows.ts'
import { createLog } from '../../server/src/kit/log.ts'
import { migrate } from '../../server/src/kit/migrate.ts'
import { runText } from '../../server/src/kit/run-text.ts'
import { plugRooms } from '../../server/src/rooms.ts'
import { load } from './list/load.ts'
import { openPipeline } from './list/pipeline.ts'
import { onPlaces, type Place } from './list/places.ts'
import { createRegister, NOW, type Register } from './list/register.ts'
import { importer, nameKeys } from './reconcile/estate.ts'
import { sizesGiven } from './reconcile/sizes.ts'

// How long it takes to judge a whole register: identities that each have a credential, a grant and two uses, and what a
// scan saw, half of which is theirs. Once on a register that was never judged, and again when nothing has changed.

const { identities, sightings } = sizesGiven()

/** It runs once an hour, and is not to take a large part of it. */
const SECONDS_MAX = 120
const DAY_MS = 86_400_000
const RESOURCES = 200

interface Turn {
  readonly seconds: number
  /** Of this process alone: what the machine does beside it is not in it. */
  readonly cpuSeconds: number
  readonly open: number
}

const main = async (places: readonly Place[]): Promise<void> => {
  const found: Record<string, { readonly first: Turn; readonly again: Turn }> = {}
  for (const place of places) found[place.engine] = await run(place)
  const worst = Math.max(...Object.values(found).flatMap(({ first, again }) => [first.seconds, again.seconds]))
  console.log(JSON.stringify({ bench: 'posture', unit: 's', worst, max: SECONDS_MAX, identities, sightings, ...found }))
  if (worst > SECONDS_MAX) process.exitCode = 1
}

const run = async ({ engine, open, seeder }: Place) => {
  const register = createRegister(identities)
  const empty = open()
  await migrate(empty.writer, migrations)
  await empty.close()
  await load(register, [], [await seeder()])
  const database = open()
  try {
    await nameKeys(database, register, sightings)
    const parts = await openPipeline(database)
    await importer(parts, sightings)()
    await giveRights(database, register)
    const clock = { now: () => at, monotonicMs: () => performance.now() }
    let at = NOW
    const rooms = plug(database, parts, clock)
    const job = rooms.jobs.find(({ name }) => name === 'inventory: judge posture')
    if (job === undefined) throw new Error('nothing judges')
    const turn = async (): Promise<Turn> => {
      at = new Date(at.getTime() + 3_600_000)
      const startedAt = performance.now()
      const cpuBefore = process.cpuUsage()
      await job.run(at)
      const { user, system } = process.cpuUsage(cpuBefore)
      const [row] = await runText(
        database.reader,
        `select count(*) as open from observe_finding where state = 'open'`,
        [],
      )
      const seconds = Math.round((performance.now() - startedAt) / 10) / 100
      return { seconds, cpuSeconds: Math.round((user + system) / 10_000) / 100, open: Number(row?.open) }
    }
    const first = await turn()
    const again = await turn()
    console.log(`${engine}: ${first.seconds} s, ${again.seconds} s again, ${first.open} findings`)
    return { first, again }
  } finally {
    await database.close()
  }
}

const plug = (database: Database, opened: Awaited<ReturnType<typeof openPipeline>>, clock: Clock) => {
  const { random, sealer, changes, hot, cursors } = opened
  const ground = { database, sealer, cursors, changes, hot, replica: 'bench', committed: () => undefined }
  return plugRooms(
    {
      ...ground,
      sequencer: { poke: () => undefined, flush: async () => 0, onNumbered: () => undefined },
      keeper: { vkey: 'bench' },
    },
    {
      ...{ clock, random, log: createLog('silent'), outbound: createOutbound({ privateNetworks: [] }) },
      deciding: { evaluator: 'compiled', shadowEvery: 0, knowsRegions: false },
      issuer: () => 'https://reeve.example',
    },
  )
}

const CREDENTIAL = ['id', 'identity', 'kind', 'name', 'state', 'created_at', 'expires_at', 'state_at', 'team']
const GRANT = [
  ...['id', 'identity', 'name', 'resource', 'actions', 'conditions'],
  ...['expires_at', 'expires_text', 'created_at', 'team'],
]
const RESOURCE = [
  ...['id', 'name', 'uri', 'environment', 'sensitivity', 'is_customer_facing', 'actions', 'algorithm'],
  ...['status_list', 'is_authorization_server', 'detail_types', 'tag_claims', 'aws_session_tags', 'served_by'],
  ...['created_at', 'changed_at'],
]
const ROWS = 2_000

const giveRights = async (database: Database, register: Register): Promise<void> => {
  const at = NOW.getTime()
  const resources = Array.from({ length: RESOURCES }, (_, i) => [
    ...[`res_${i}`, `api-${i}`, `https://api-${i}.example/`, 'production', 'internal', 0],
    ...[
      JSON.stringify([
        { name: 'read', effect: 'read' },
        { name: 'write', effect: 'write' },
      ]),
      'ES256',
    ],
    ...[0, 0, '[]', '[]', '[]', '[]', at, at],
  ])
  await database.write(async (tx) => {
    await insertRows('policy_resource', RESOURCE).into(tx, resources)
  })
  for (let start = 0; start < identities; start += ROWS) {
    const some = Array.from({ length: Math.min(ROWS, identities - start) }, (_, i) => start + i)
    await database.write(async (tx) => {
      const rows = some.map((i) => ({ i, ...register.identityAt(i) }))
      await insertRows('broker_credential', CREDENTIAL).into(
        tx,
        rows.map(({ i, id, ownerId }) => {
          const kind = i % 5 === 0 ? 'api-key' : 'public-key'
          return [`crd_${i}`, id, kind, 'key', 'active', at - (i % 300) * DAY_MS, at + 30 * DAY_MS, at, ownerId]
        }),
      )
      await insertRows('policy_grant', GRANT).into(
        tx,
        rows.map(({ i, id, ownerId }) => [
          ...[`grt_${i}`, id, 'work', `res_${i % RESOURCES}`, '["read","write"]', '{}'],
          ...[at + 90 * DAY_MS, '90d', at, ownerId],
        ]),
      )
      await insertRows('observe_use', ['identity', 'resource', 'action', 'instance', 'last_at', 'count']).into(
        tx,
        rows.flatMap(({ i, id }) =>
          ['pod-1', 'pod-2'].map((pod) => [id, `https://api-${i % RESOURCES}.example/`, 'read', pod, at - DAY_MS, 3]),
        ),
      )
    })
  }
}

await onPlaces(main)
