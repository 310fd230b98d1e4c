import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { TestContext } from 'node:test'
import { openLive } from '../live.ts'
import type { Room } from '../room.ts'

/** What a vendor's server on this machine answers. */
export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

/** A request as a fake vendor sees it. */
export interface VendorRequest {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A vendor on this machine: which part a request is of, and what it answers; `pages` are the test's to change. */
export interface FakeVendor {
  readonly vendor: string
  readonly secret: string
  settings(url: string): Record<string, string>
  partOf(request: VendorRequest): string
  answer(request: VendorRequest, url: string): Reply
}

/** How a server misbehaves towards one part. */
type Trouble = 'asks-to-wait-once' | 'asks-to-wait' | 'forbids' | 'cuts'

/** Starts a vendor's server; `trouble` is the test's to change. */
export const startVendor = async (t: TestContext, fake: FakeVendor) => {
  const trouble = new Map<string, Trouble>()
  const asked: VendorRequest[] = []
  let base = ''
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const url = new URL(request.url ?? '/', base)
    const seen = { method: request.method ?? '', url, headers: request.headers, body: Buffer.concat(chunks).toString() }
    asked.push(seen)
    const part = fake.partOf(seen)
    const has = trouble.get(part)
    if (has === 'asks-to-wait-once') trouble.delete(part)
    if (has === 'asks-to-wait-once' || has === 'asks-to-wait')
      return response.writeHead(429, { 'retry-after': '7', 'content-type': 'application/json' }).end('{}')
    if (has === 'forbids')
      return response.writeHead(403, { 'content-type': 'application/json' }).end('{"message":"no"}')
    const { status = 200, headers = {}, body } = fake.answer(seen, base)
    const length = String(Buffer.byteLength(body))
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': length, ...headers })
    if (has === 'cuts') return response.write(body.slice(0, Math.floor(body.length / 2)), () => response.destroy())
    return response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  return { url: base, trouble, asked }
}

/** What a vendor's client has to stand, told by its fake. */
export interface Suite {
  readonly fake: FakeVendor
  /** The stable keys of all that is there. */
  readonly keys: readonly string[]
  /** A part that is had trouble with: on its own page it shows `only`, of which nothing else tells. */
  readonly part: string
  readonly needs: RegExp
  /** For how many seconds it waits in a run that it is once asked to wait in; for the seven that it is asked to, else. */
  readonly waits?: readonly number[]
  /** Takes one thing away from the vendor. */
  readonly takeAway: { readonly key: string; act(): void }
}

/** Through the whole way, from the connector to the register: pages, requests to wait, a right that lacks, an answer that is cut. */
export const passesSuite = async (
  room: Room,
  t: TestContext,
  { fake, keys, part, needs, takeAway, waits = [7] }: Suite,
) => {
  const vendor = await startVendor(t, fake)
  const live = await openLive(room)
  const input = { name: 'live', vendor: fake.vendor, settings: fake.settings(vendor.url), secret: fake.secret }
  await live.call('inventory.connector.add', input)
  const present = async () =>
    (await live.call('inventory.sighting.list', { limit: 200 })).items
      .filter(({ goneAt }: { goneAt: string | null }) => goneAt === null)
      .map(({ stableKey }: { stableKey: string }) => stableKey)
      .sort()
  const all = [...keys].sort()

  vendor.trouble.set(part, 'asks-to-wait-once')
  const whole = await live.run('live')
  assert.deepEqual([whole.outcome, whole.gaps], ['complete', []])
  assert.deepEqual(await present(), all)
  assert.deepEqual(live.waited, waits, 'it waited as long as it was asked to')

  const troubles: readonly [Trouble, RegExp][] = [
    ['forbids', needs],
    ['cuts', /connection|cut/],
    ['asks-to-wait', /always asked to wait/],
  ]
  for (const [trouble, why] of troubles) {
    vendor.trouble.set(part, trouble)
    const lacking = await live.run('live')
    assert.deepEqual(
      [lacking.outcome, lacking.gone, lacking.closed],
      ['partial', 0, 0],
      `${trouble} ${JSON.stringify(lacking)}`,
    )
    assert.deepEqual([...new Set(lacking.gaps.map((gap: { part: string }) => gap.part))], [part], trouble)
    assert.match(lacking.gaps[0].why, why, trouble)
    assert.deepEqual(await present(), all, trouble)
  }

  vendor.trouble.delete(part)
  takeAway.act()
  const after = await live.run('live')
  assert.deepEqual([after.outcome, after.gone], ['complete', 1])
  assert.deepEqual(
    await present(),
    all.filter((key) => key !== takeAway.key),
  )
  return { vendor, live }
}
