import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { rounds } from '../../../test/rounds.ts'
import { crowding } from '../crash/ready-time.ts'
import { type Admin, onEveryServerProcess, type ServerProcess } from '../process.ts'
import { JSON_CASES } from './json-cases.ts'
import { vitalsOf } from './metrics.ts'
import { call, eachOf, headersOf, type Route, routesOf, TELL_ROUTES } from './surface.ts'

// I1 of the trust bars. The routes are the server's own list.

const BLOCKED_MS_MAX = 50
const GROWTH_BYTES_MAX = 64 * 1024 * 1024
const TRIES_MAX = 5
const MIB = 1024 * 1024
const LARGE_CHARS = 100_000
// One parser reads the bodies of all routes, before any database is asked.
const EVERY = { sqlite: rounds({ quick: 13, full: 1 }), postgres: rounds({ quick: 29, full: 1 }) }

onEveryServerProcess(
  'hostile JSON is refused on every POST route, without blocking the server for 50 ms or growing it by 64 MiB',
  async ({ server, admin, place }, t) => {
    const every = EVERY[place.engine]
    const posts = routesOf(server).filter(({ method }, at) => method === 'POST' && at % every === 0)
    assert.ok(posts.length > 0)
    await warmUp(server, admin, posts)
    const worst = { blocked: { ms: 0, by: '' }, grown: { bytes: 0, by: '' } }
    let requests = 0
    for (const [at, [name, body]] of Object.entries(JSON_CASES).entries()) {
      const before = await vitalsOf(server)
      const peakOf = watchPeak(server)
      // All routes have one parser: what is large goes to every fifth, turn by turn, so that each gets some of them.
      const asked = body.length < LARGE_CHARS ? posts : posts.filter((_, index) => index % 5 === at % 5)
      await eachOf(asked, 1, async (route) => {
        const { status } = await post(server, admin, route, body)
        requests += 1
        // The token endpoints take forms alone, and some operations are for other principals.
        const allowed = route.url.startsWith('/oauth/') ? [413, 415] : [400, 403, 413]
        assert.ok(allowed.includes(status), `${route.url}: ${name} -> ${status}`)
      })
      const seen = await vitalsOf(server)
      const bytes = Math.max(peakOf() ?? 0, seen.rssBytes) - before.rssBytes
      const ms = await blockOf(server, admin, asked, body, seen.blockedMs)
      if (ms > worst.blocked.ms) worst.blocked = { ms, by: name }
      if (bytes > worst.grown.bytes) worst.grown = { bytes, by: name }
    }
    const { blocked, grown } = worst
    t.diagnostic(
      `I1: ${Object.keys(JSON_CASES).length} bodies, ${posts.length} routes, ${requests} requests, all refused; ` +
        `longest block ${blocked.ms.toFixed(1)} ms (${blocked.by}), ` +
        `memory grew at most by ${(grown.bytes / MIB).toFixed(1)} MiB (${grown.by})`,
    )
    // Of processor time too a crowded machine takes more for the same: its cores are shared with others, and so are their caches.
    assert.ok(blocked.ms / crowding() < BLOCKED_MS_MAX, `${blocked.by} blocked the server for ${blocked.ms} ms`)
    assert.ok(grown.bytes < GROWTH_BYTES_MAX, `${grown.by}: grew by ${grown.bytes} bytes`)
  },
  TELL_ROUTES,
)

const post = async (
  server: ServerProcess,
  admin: Admin,
  { url }: Route,
  body: string | Buffer,
): Promise<{ readonly status: number }> => {
  try {
    return await call(server.url + url, {
      method: 'POST',
      headers: headersOf(admin, { 'content-type': 'application/json' }),
      body: typeof body === 'string' ? body : new Uint8Array(body),
    })
  } catch (error) {
    // Told by its length that a body is too large, the server answers and hangs up; who is still sending may not hear it.
    if (body.length > MIB) return { status: 413 }
    throw error
  }
}

/** Once everything was compiled and as much as fits of what is as it should be was read, memory has found its size. */
const warmUp = async (server: ServerProcess, admin: Admin, posts: readonly Route[]): Promise<void> => {
  const item = { name: 'x'.repeat(150), at: 1 }
  const ordinary = JSON.stringify({ unheardOf: Array.from({ length: 5_500 }, () => item) })
  for (const route of posts) {
    await post(server, admin, route, '{"unheardOf":1}')
    await post(server, admin, route, ordinary)
  }
}

/** The most memory that the process has from now on; where the system does not tell, undefined. */
const watchPeak = ({ pid }: ServerProcess): (() => number | undefined) => {
  try {
    // proc(5): 5 resets the peak.
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    return () => undefined
  }
  return () => 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/**
 * How long one such request holds the event loop. Another process that has the processor makes the loop late as well;
 * a block is both late and processor time of this process, so where the loop was late it is asked again, alone.
 */
const blockOf = async (
  server: ServerProcess,
  admin: Admin,
  posts: readonly Route[],
  body: string | Buffer,
  seenMs: number,
): Promise<number> => {
  let leastMs = seenMs
  for (let tried = 0; leastMs >= BLOCKED_MS_MAX && tried < TRIES_MAX; tried++) {
    const route = posts[tried % posts.length]
    if (route === undefined) break
    const before = await vitalsOf(server)
    await post(server, admin, route, body)
    const after = await vitalsOf(server)
    leastMs = Math.min(leastMs, after.blockedMs, after.cpuMs - before.cpuMs)
  }
  return leastMs
}
