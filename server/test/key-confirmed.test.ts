import assert from 'node:assert/strict'
import { createTokenSource, createVerifier, systemClock } from '@reeve/sdk'
import { onEveryServer } from './process.ts'
import { setUpWorkload } from './workload.ts'

// Each takes a moment, and so together they take more than anything here.
const ASKED_MAX = 20_000

onEveryServer(
  'a verifier of the SDK hears of the next signing key by the feed, and the list names it until it has that key',
  async ({ server, admin }, t) => {
    const { api, audience } = await setUpWorkload(server, admin)
    const { key } = admin.client(server).broker
    // Time of its own: a key set is asked for once in half a minute, three seconds after it was told of at the earliest.
    let aheadMs = 0
    const clock = {
      ...systemClock,
      monotonicMs: () => systemClock.monotonicMs() + aheadMs,
      after: (delayMs: number, run: () => void) => systemClock.after(delayMs === 3_000 ? 20 : delayMs, run),
    }
    const own = { issuer: server.url, clientId: api.id, audience: server.url, feed: false } as const
    const reportAs = createTokenSource({ ...own, auth: { clientSecret: api.secret } })
    const random = { fraction: () => 0, id: () => crypto.randomUUID() }
    const verifier = createVerifier({ issuer: server.url, audience, clock, random, reportAs })
    t.after(async () => {
      await verifier.close()
      reportAs.close()
    })
    await verifier.ready()
    const { key: next } = await key.rotate({ algorithm: 'ES256', reason: 'a test' })
    const lackedBy = async () => {
      const { items } = await key.list({})
      return items.find(({ id }) => id === next)?.next?.lackedBy.map(({ tellsKeys }) => tellsKeys)
    }
    const until = async (isSo: (lacking: readonly boolean[] | undefined) => boolean): Promise<void> => {
      for (let asked = 0; !isSo(await lackedBy()); asked++) assert.ok(asked < ASKED_MAX, 'it was never so')
    }
    await until((lacking) => lacking?.join() === 'true')
    aheadMs = 31_000
    await until((lacking) => lacking?.length === 0)
  },
)
