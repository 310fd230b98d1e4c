import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { enrolAdmin, makePlace, type Place, type ServerProcess, startServer } from '../process.ts'
import { call, callable, routesOf } from './surface.ts'

interface Installed {
  readonly server: ServerProcess
  readonly place: Place
}
type Part = readonly [name: string, body: (installed: Installed) => Promise<void>]
const parts: Part[] = []
const onDefaultServer = (name: string, body: Part[1]): void => void parts.push([name, body])

// Server by server, whose only settings are where its data is, a port that is free, and that it says more.
for (const engine of ['sqlite', 'postgres'] as const)
  test(`K6: what somebody gets who sets nothing [${engine}]`, async (t) => {
    const place = await makePlace(engine, 'not made')
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      // An empty setting is as none.
      const server = await startServer(place, {
        REEVE_RATE_LIMIT: '',
        REEVE_DRAIN_SECONDS: '',
        REEVE_LOG_LEVEL: 'debug',
      })
      try {
        for (const [name, body] of parts) await t.test(name, () => body({ server, place }))
      } finally {
        await server.stop()
      }
    } finally {
      await place.remove()
    }
  })

onDefaultServer('a default install listens on 127.0.0.1 and nowhere else', async ({ server }) => {
  assert.equal(new URL(server.url).hostname, '127.0.0.1')
  const listening = listeningOf(server.pid)
  // Little-endian hexadecimal, as proc(5) writes it.
  if (listening !== undefined) assert.deepEqual(listening, [`0100007F:${hexPort(server.url)}`])
})

onDefaultServer('a default install knows no password', async ({ server }) => {
  for (const [name, password] of PASSWORDS) {
    const authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
    const answer = await call(`${server.url}/v1/lifecycle.person.list`, { headers: { authorization } })
    assert.ok([401, 429].includes(answer.status), `${name}:${password} -> ${answer.status}`)
  }
})

onDefaultServer('a default install lets no other origin in, and has no debug pages', async ({ server }) => {
  for (const { method, url } of routesOf(server))
    for (const asked of [method, 'OPTIONS'])
      await fetch(server.url + callable(url), {
        method: asked,
        headers: { origin: 'https://evil.example.com', 'access-control-request-method': 'POST' },
      }).then(({ headers }) => {
        const allowed = [...headers.keys()].filter((name) => name.startsWith('access-control-'))
        assert.deepEqual(allowed, [], `${asked} ${url}`)
      })
  const found: string[] = []
  for (const path of DEBUG_PATHS) if (![404, 429].includes((await call(server.url + path)).status)) found.push(path)
  assert.deepEqual(found, [])
})

onDefaultServer('the data folder and the key in it are for their owner alone', async ({ place }) => {
  const data = join(place.folder, 'data')
  assert.equal(statSync(data).mode & 0o077, 0)
  assert.equal(statSync(join(data, 'kek')).mode & 0o077, 0)
})

// Last, as it stops the server.
onDefaultServer(
  'the enrolment code is printed once, works once, and is not printed again',
  async ({ server, place }) => {
    const codes = server.output().match(/reeve_ec_\w+/g)
    assert.equal(codes?.length, 1)
    const [code = ''] = codes ?? []
    assert.match(server.stderr(), /within an hour/)
    const admin = await enrolAdmin(server)
    await assert.rejects(enrolAdmin(server, code), /not valid|used/)
    await server.stop()
    const again = await startServer(place)
    try {
      assert.doesNotMatch(again.output(), /reeve_ec_/)
      assert.equal((await admin.client(again).lifecycle.person.show({})).id, admin.person)
    } finally {
      await again.stop()
    }
  },
)

/** The sockets on which a process listens, as /proc has them; undefined where there is no /proc. */
const listeningOf = (pid: number): readonly string[] | undefined => {
  if (process.platform !== 'linux') return undefined
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
      } catch {
        return []
      }
    }),
  )
  const LISTEN = '0A'
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(
        ([, , , state, , , , , , inode = '']) => (state === LISTEN || table.startsWith('udp')) && inodes.has(inode),
      )
      .map(([, local = '']) => local),
  )
}

const hexPort = (url: string): string => Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0')

const DEBUG_PATHS = [
  '/debug',
  '/debug/pprof',
  '/debug/vars',
  '/_debug',
  '/__debug__',
  '/inspect',
  '/json/version',
  '/json/list',
  '/actuator',
  '/actuator/env',
  '/actuator/heapdump',
  '/env',
  '/.env',
  '/.git/config',
  '/config',
  '/config.json',
  '/server-status',
  '/status',
  '/trace',
  '/console',
  '/admin',
  '/swagger',
  '/swagger-ui',
  '/docs',
  '/docs/',
  '/graphql',
  '/phpinfo.php',
  '/heapdump',
  '/profile',
  '/documentation',
  '/package.json',
  '/v1',
  '/v1/',
  '/v1/debug',
  '/v1/..%2f..%2fpackage.json',
  '/docs/errors/..%2f..%2f..%2fpackage.json',
]

const NAMES = ['admin', 'root', 'reeve', 'test', 'user', 'postgres', '']
const PASSWORDS = NAMES.flatMap((name) =>
  ['', name, 'admin', 'password', 'reeve', 'changeme'].map((word) => [name, word] as const),
)
