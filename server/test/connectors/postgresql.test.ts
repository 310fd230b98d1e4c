import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { postgresqlSource } from '../../src/connectors/postgresql/source.ts'
import { readVendor } from '../../src/connectors/reading.ts'
import { registry } from '../../src/connectors/registry.ts'
import { vendorOf } from '../../src/connectors/vendor.ts'
import { createOutbound } from '../../src/kit/fetch.ts'
import { openLive } from '../live.ts'
import { createTestDatabase, findPostgres } from '../postgres.ts'
import { onEveryEngine } from '../room.ts'

// The live client of PostgreSQL against a real server: roles of its own, so that others may test there meanwhile.

const reach = createOutbound({ privateNetworks: ['127.0.0.0/8'] })

const TIME = { signal: AbortSignal.timeout(60_000), now: () => new Date(0), wait: async () => undefined }

interface Ground {
  readonly settings: Record<string, string>
  /** Names of roles that are there for this test: `root` is a superuser, `app` may become it, `batch` may not. */
  readonly names: { readonly root: string; readonly app: string; readonly batch: string }
  query(text: string): Promise<unknown>
}

const openGround = async (t: TestContext): Promise<Ground | undefined> => {
  const url = await findPostgres()
  if (url === undefined) {
    t.skip('no PostgreSQL here')
    return undefined
  }
  const database = await createTestDatabase(url)
  const word = `reeve_con_${randomBytes(4).toString('hex')}`
  const names = { root: `${word}_root`, app: `${word}_app`, batch: `${word}_batch` }
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query(`create role ${names.root} superuser login`)
  await client.query(`create role ${names.app} login; grant ${names.root} to ${names.app}`)
  await client.query(`create role ${names.batch} login valid until '2099-01-01'`)
  t.after(async () => {
    await client.query(`drop role ${names.batch}; drop role ${names.app}; drop role ${names.root}`)
    await client.end()
    await database.drop()
  })
  const { hostname, port, pathname } = new URL(database.url)
  const where = { host: hostname, port: port || '5432', database: pathname.slice(1) }
  return { settings: { ...where, user: names.batch, tls: 'off' }, names, query: (text) => client.query(text) }
}

const small = (page: number) =>
  vendorOf({
    ...registry.postgresql,
    settings: registry.postgresql.settings,
    load: async () => (settings) => postgresqlSource(settingsOf(settings), page),
  })

// Tests read answers freely: a field that is not there fails the assertion on it.
// biome-ignore lint/suspicious/noExplicitAny: as above
const settingsOf = (settings: unknown): any => settings

const read = (ground: Ground, over: { page?: number; port?: number; without?: readonly string[] } = {}) =>
  readVendor(
    small(over.page ?? 3),
    {
      settings: { ...ground.settings, ...(over.port === undefined ? {} : { port: String(over.port) }) },
      without: over.without ?? [],
    },
    { ...TIME, secret: 'not asked for here', reach },
  )

/** Stands before the server and cuts the line after so many bytes of its answers. */
const cuttingProxy = async (t: TestContext, to: Record<string, string>, bytesMax: number) => {
  let bytes = 0
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(to.port), to.host)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => [near, far].forEach((each) => void each.destroy()))
    }
    near.pipe(far)
    far.on('data', (chunk: Buffer) => {
      const left = bytesMax - bytes
      bytes += chunk.length
      if (chunk.length <= left) near.write(chunk)
      else near.write(chunk.subarray(0, Math.max(left, 0)), () => near.destroy())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, bytes: () => bytes }
}

test('all roles come, page by page, with the superusers that they may become', async (t) => {
  const ground = await openGround(t)
  if (ground === undefined) return
  const { names, settings } = ground
  const { documents, gaps } = await read(ground, { page: 2 })
  assert.deepEqual(gaps, [])
  assert.deepEqual(
    documents.map(({ path }) => path),
    [`postgresql/${settings.host}:${settings.port}.json`],
  )
  const roles: Record<string, unknown>[] = JSON.parse(documents[0]?.text ?? '')
  const mine = new Map(roles.map((role) => [role.rolname, role]))
  assert.equal(mine.get(names.app)?.rolbecomessuper, names.root)
  assert.equal(mine.get(names.batch)?.rolbecomessuper, '')
  assert.equal(mine.get(names.batch)?.rolvaliduntil, '2099-01-01T00:00:00Z')
  assert.ok(mine.has('pg_monitor'), 'the first of them as well')
  assert.equal(mine.size, roles.length, 'none came twice')
})

test('a part that it may not read is named with the right that it takes, and the rest is kept', async (t) => {
  const ground = await openGround(t)
  if (ground === undefined) return
  await ground.query('revoke select on pg_catalog.pg_auth_members from public')
  const { documents, gaps } = await read(ground)
  const why = 'it may not be asked for that (403): it takes select on pg_auth_members'
  assert.deepEqual(gaps, [{ part: 'memberships', why }])
  assert.match(documents[0]?.text ?? '', new RegExp(ground.names.app))
  assert.deepEqual((await read(ground, { without: ['memberships'] })).gaps, [], 'left out on purpose is no gap')
})

test('a line that is cut in the middle is a gap, and what came before is kept', async (t) => {
  const ground = await openGround(t)
  if (ground === undefined) return
  const whole = await cuttingProxy(t, ground.settings, Number.POSITIVE_INFINITY)
  const all = await read(ground, { page: 2, port: whole.port })
  assert.deepEqual(all.gaps, [])
  const cut = await cuttingProxy(t, ground.settings, Math.floor(whole.bytes() / 2))
  const half = await read(ground, { page: 2, port: cut.port })
  assert.ok(
    half.gaps.some(({ part }) => part === 'roles'),
    JSON.stringify(half.gaps),
  )
  assert.ok(half.items > 0 && half.items < all.items, `${half.items} of ${all.items}`)
})

test('S1: a server at an address that nobody allowed is not dialled, and outside nothing goes without TLS', async () => {
  const settings = { host: '127.0.0.1', port: '5432', database: 'postgres', user: 'postgres', tls: 'off' }
  const ask = (outbound: ReturnType<typeof createOutbound>, host: string) =>
    readVendor(
      registry.postgresql,
      { settings: { ...settings, host }, without: [] },
      { ...TIME, secret: '', reach: outbound },
    )
  const refused = await ask(createOutbound({ privateNetworks: [] }), '127.0.0.1')
  assert.match(refused.gaps[0]?.why ?? '', /not public/)
  const resolve = async () => [{ address: '203.0.112.9', family: 4 }]
  const plain = await ask(createOutbound({ privateNetworks: [], resolve }), 'db.example')
  assert.match(plain.gaps[0]?.why ?? '', /tls verify only/)
})

onEveryEngine(
  'a live server is seen as its export is: sightings and findings, and what is dropped there is gone',
  async (room, t) => {
    const ground = await openGround(t)
    if (ground === undefined) return
    const { names, settings } = ground
    const live = await openLive(room)
    await live.call('inventory.connector.add', {
      name: 'orders-db',
      vendor: 'postgresql',
      settings,
      secret: 'hunter-22',
    })
    const first = await live.run('orders-db')
    assert.deepEqual([first.outcome, first.gaps], ['complete', []])
    const key = `postgresql:${settings.host}:${settings.port}#${names.app}`
    const sightings = async () =>
      (await live.call('inventory.sighting.list', { source: 'databases', limit: 200 })).items
    const mine = (await sightings()).find((each: { stableKey: string }) => each.stableKey === key)
    assert.deepEqual([mine?.isLive, mine?.goneAt], [true, null])
    const rules = async () =>
      (await live.call('observe.finding.list', { limit: 200, source: 'connector/orders-db' })).items
        .filter((each: { sighting: string; state: string }) => each.sighting === key && each.state === 'open')
        .map((each: { rule: string }) => each.rule)
        .sort()
    assert.deepEqual(await rules(), ['account/becomes-others', 'credential/without-end'])

    const bare = { ...live, cut: await cuttingProxy(t, settings, 900) }
    const elsewhere = { settings: { ...settings, port: String(bare.cut.port) }, secret: 'hunter-22' }
    await live.call('inventory.connector.change', { connector: 'orders-db', ...elsewhere })
    const failed = await live.run('orders-db')
    assert.equal(failed.outcome, 'failed')
    assert.deepEqual([failed.gone, failed.closed], [0, 0])
    assert.deepEqual(await rules(), ['account/becomes-others', 'credential/without-end'])

    await ground.query(`alter role ${names.app} nologin`)
    await live.call('inventory.connector.change', { connector: 'orders-db', settings, secret: 'hunter-22' })
    const after = await live.run('orders-db')
    assert.equal(after.outcome, 'complete')
    assert.ok(after.gone >= 1 && after.closed >= 2, JSON.stringify(after))
    assert.deepEqual(await rules(), [])
  },
)
