import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { rounds } from '../../../test/rounds.ts'
import { enrolAdmin, makePlace, type Place, spawnServer, startServer } from '../process.ts'
import { bySecret, postForm, setUpWorkload, type Workload } from '../workload.ts'
import { type Between, standBefore } from './lost-reply.ts'

// A8 of the trust bars.

const STARTS = rounds({ quick: 5, full: 20 })
// Every so many is left alone until it is ready; the others die as soon as they have begun.
const READY_EVERY = 5
const POOL = 6
const ISSUER = 'https://reeve.example.com'

for (const engine of ['sqlite', 'postgres'] as const)
  test(`A8: in a crash loop no start says that it is ready before it signs what verifies, each waits longer than the last, and the database is not run down [${engine}]`, async (t) => {
    const place = await makePlace(engine)
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    const { REEVE_DATABASE_URL: url } = place.environment
    const before = url === undefined ? undefined : await standBefore(url)
    try {
      const way: Record<string, string> = before === undefined ? {} : { REEVE_DATABASE_URL: before.through }
      await crashAgainAndAgain({ ...place, environment: { ...place.environment, ...way } }, before?.between, t)
    } finally {
      await before?.between.close()
      await place.remove()
    }
  })

const crashAgainAndAgain = async (place: Place, between: Between | undefined, t: TestContext): Promise<void> => {
  const port = await freePort()
  const settings = {
    ...{ REEVE_PORT: String(port), REEVE_ISSUER: ISSUER, REEVE_DATABASE_POOL: String(POOL), REEVE_LOG_LEVEL: 'info' },
  }
  const first = await startServer(place, settings)
  const workload = await setUpWorkload(first, await enrolAdmin(first))
  first.kill('SIGKILL')
  await first.exited
  const pausesMs: number[] = []
  let ready = 0
  for (let at = 0; at < STARTS; at++) {
    const server = spawnServer(place, settings)
    const mayGetReady = at % READY_EVERY === READY_EVERY - 1
    const url = `http://127.0.0.1:${port}`
    const unready = (at % READY_EVERY) + 1
    for (let isOver = false; !isOver; ) {
      isOver = !mayGetReady && beginsIn(place) === unready
      if (isOver || (await statusOf(`${url}/readyz`)) !== 200) continue
      ready++
      await assertSigns({ url }, workload, server.output)
      isOver = true
    }
    server.kill('SIGKILL')
    await server.exited
    const paused = /"pauseMs":(\d+)/.exec(server.output())?.[1]
    if (paused !== undefined) pausesMs.push(Number(paused))
  }
  const attempts = mostWithinASecond(between?.triedAtMs() ?? [])
  t.diagnostic(
    `A8: ${STARTS} starts, ${ready} until they were ready and signed; pauses of ${pausesMs.join(', ')} ms` +
      (between === undefined ? '' : `; at most ${attempts} connections to the database within a second`),
  )
  assert.ok(ready >= STARTS / READY_EVERY)
  assert.ok(pausesMs.length >= 1, 'a start after several that never got ready waits')
  // The old and the new process of one second.
  assert.ok(attempts <= 2 * POOL, `${attempts} connections within a second`)
}

/** How many starts have begun since one was ready. */
const beginsIn = (place: Place): number => {
  const file = join(place.folder, 'data', 'starts')
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : 0
}

/** Whoever is ready signs at once, and what it signs verifies with the keys that it shows. */
const assertSigns = async (server: { readonly url: string }, workload: Workload, output: () => string) => {
  const keys = await (await fetch(`${server.url}/.well-known/jwks.json`)).json()
  const { status, body } = await postForm(server, '/oauth/token', bySecret(workload))
  assert.equal(status, 200, `ready and no token: ${JSON.stringify(body)} ${output()}`)
  await jwtVerify(String(body.access_token), createLocalJWKSet(keys), { issuer: ISSUER, audience: workload.audience })
}

const statusOf = async (url: string): Promise<number> => {
  try {
    const response = await fetch(url)
    await response.arrayBuffer()
    return response.status
  } catch {
    return 0
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

const mostWithinASecond = (moments: readonly number[]): number =>
  Math.max(0, ...moments.map((from) => moments.filter((at) => at >= from && at < from + 1000).length))
