import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { RevocationEntry } from '@reeve/sdk'
import { systemClock } from '../../kit/clock.ts'
import { createLog } from '../../kit/log.ts'
import { systemRandom } from '../../kit/random.ts'
import { createDoor } from './door.ts'
import { type FeedLimits, mountFeed } from './feed.ts'
import { createHttp } from './server.ts'

const LIMITS: FeedLimits = { listenersMax: 5, ofAddressMax: 5, queuedBytesMax: 200_000, heartbeatMs: 10 }

/** A feed whose entries the test adds. */
const fakeSource = () => {
  const listeners = new Set<(entries: readonly RevocationEntry[] | undefined) => void>()
  const entries: RevocationEntry[] = []
  return {
    seq: () => entries.length,
    keys: () => 'one',
    page: (since: number | undefined) =>
      JSON.stringify({ seq: entries.length, snapshot: since === undefined, entries: entries.slice(since ?? 0) }),
    follow: () => () => undefined,
    onEntries: (listener: (entries: readonly RevocationEntry[] | undefined) => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    add: (count = 1) => {
      const fresh = Array.from({ length: count }, (_, at): RevocationEntry => {
        const seq = entries.length + at + 1
        return { seq, verb: 'quarantine', target: `target-${seq}`, until: null }
      })
      entries.push(...fresh)
      for (const listener of listeners) listener(fresh)
    },
    forget: () => {
      for (const listener of listeners) listener(undefined)
    },
  }
}

const serve = async (t: TestContext, limits = LIMITS) => {
  const source = fakeSource()
  const log = createLog('silent')
  const http = createHttp({
    issuer: () => 'https://issuer.example.com',
    trustedProxies: [],
    random: systemRandom(),
    clock: systemClock,
    log,
    door: createDoor(systemClock, createLog('silent')),
  })
  mountFeed(http, source, limits)
  const url = await http.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => http.close())
  return { source, http, url }
}

/** Reads a stream event by event. */
const listen = async (url: string, headers: Record<string, string> = {}) => {
  const stop = new AbortController()
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: stop.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const next = async (): Promise<Record<string, string> | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        return Object.fromEntries(
          lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        )
      }
      const { done, value } = (await reader?.read()) ?? { done: true }
      if (done) return undefined
      text += value
    }
  }
  /** The next event that is no heartbeat. */
  const nextSaid = async () => {
    for (;;) {
      const event = await next()
      if (event?.event !== 'heartbeat') return event
    }
  }
  return { response, next, nextSaid, close: () => stop.abort() }
}

test('a listener gets a snapshot, then each change with its number, and heartbeats with the last number', async (t) => {
  const { source, url } = await serve(t)
  source.add()
  const { response, next, nextSaid, close } = await listen(`${url}/revocations`)
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  assert.equal(response.headers.get('cache-control'), 'no-store')
  const first = await next()
  assert.deepEqual([first?.event, JSON.parse(first?.data ?? '').snapshot], ['snapshot', true])
  source.add(2)
  for (const seq of [2, 3]) {
    const change = await nextSaid()
    assert.deepEqual([change?.event, change?.id], ['change', String(seq)])
    assert.deepEqual(JSON.parse(change?.data ?? ''), { seq, verb: 'quarantine', target: `target-${seq}`, until: null })
  }
  let event = await next()
  while (event?.event !== 'heartbeat') event = await next()
  assert.deepEqual(JSON.parse(event.data ?? ''), { seq: 3, keys: 'one' })
  source.forget()
  const again = await nextSaid()
  assert.deepEqual([again?.event, JSON.parse(again?.data ?? '').entries.length], ['snapshot', 3])
  close()
})

test('a listener that was away gets what it missed, by ?since or by Last-Event-ID', async (t) => {
  const { source, url } = await serve(t)
  source.add(5)
  for (const [query, headers] of [
    ['?since=3', {}],
    ['?since=1', { 'last-event-id': '3' }],
  ] as const) {
    const { next, close } = await listen(`${url}/revocations${query}`, headers)
    const page = JSON.parse((await next())?.data ?? '')
    assert.deepEqual([page.snapshot, page.entries.map((entry: RevocationEntry) => entry.seq)], [false, [4, 5]])
    close()
  }
})

test('those who ask now and then get JSON, and a since that is no number is refused', async (t) => {
  const { source, url } = await serve(t)
  source.add(2)
  const ask = async (query: string) => (await fetch(`${url}/revocations${query}`)).json()
  assert.deepEqual((await ask('')).entries.length, 2)
  assert.deepEqual(await ask('?since=2'), { seq: 2, snapshot: false, entries: [], keys: 'one' })
  for (const since of ['-1', '1.5', 'x', '1e3', '9'.repeat(20), '1&since=2'])
    assert.equal((await ask(`?since=${since}`)).code, 'invalid_input', since)
})

test('more listeners than the limit are told to come back, and a place is free when one leaves', async (t) => {
  const { url } = await serve(t)
  const listening = await Promise.all(Array.from({ length: 5 }, () => listen(`${url}/revocations`)))
  const refused = await fetch(`${url}/revocations`, { headers: { accept: 'text/event-stream' } })
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '5'])
  for (const { close } of listening) close()
  for (;;) {
    const { response, close } = await listen(`${url}/revocations`)
    close()
    if (response.status === 200) break
  }
})

test('one address has a part of the streams only, and who is refused one there asks now and then', async (t) => {
  const { url } = await serve(t, { ...LIMITS, ofAddressMax: 2 })
  const open = () => listen(`${url}/revocations`)
  const [first] = [await open(), await open()]
  const refused = await fetch(`${url}/revocations`, { headers: { accept: 'text/event-stream' } })
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '5'])
  assert.equal((await refused.json()).code, 'limited')
  assert.equal((await fetch(`${url}/revocations`)).status, 200)
  first.close()
  for (;;) {
    const { response, close } = await listen(`${url}/revocations`)
    close()
    if (response.status === 200) break
  }
})

test('a listener that does not read is cut, and the others miss nothing', async (t) => {
  const { source, url } = await serve(t)
  const { hostname, port } = new URL(url)
  const slow = connect(Number(port), hostname)
  slow.pause()
  slow.on('error', () => undefined)
  slow.write(`GET /revocations HTTP/1.1\r\nhost: ${hostname}\r\naccept: text/event-stream\r\n\r\n`)
  const good = await listen(`${url}/revocations`)
  await good.next()
  const closed = once(slow, 'close')
  let seen = 0
  for (let round = 0; round < 400; round++) {
    source.add(200)
    for (let at = 0; at < 200; at++) {
      seen++
      assert.equal((await good.nextSaid())?.id, String(seen))
    }
  }
  // What the system had buffered for it can be read; then comes the end that nobody wrote.
  slow.resume()
  await closed
  assert.equal(seen, 80_000)
  good.close()
})

test('closing the server ends every stream cleanly', async (t) => {
  const { http, url } = await serve(t)
  const { next, nextSaid } = await listen(`${url}/revocations`)
  await next()
  await http.close()
  assert.equal(await nextSaid(), undefined)
})
