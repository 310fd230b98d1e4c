import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createFakeClock } from '../../test/fake-clock.ts'
import { type Asked, createFakeFetch, json, type Reply } from '../../test/fake-fetch.ts'
import type { Feed } from '../feed/feed.ts'
import { createView } from '../feed/view.ts'
import { revocationTarget } from '../revocation-target.ts'
import { createSteadyTime } from '../steady-time.ts'
import { type WebhookCode, WebhookError } from './webhook-error.ts'
import { createWebhookSenders } from './webhook-senders.ts'
import { createWebhookVerifier, type WebhookRequest } from './webhook-verifier.ts'

const ISSUER = 'https://reeve.example.com'
const RESOURCE = 'https://orders.example.com'
const refusedAs = (code: WebhookCode) => (error: unknown) => error instanceof WebhookError && error.code === code

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`
const told = (secrets: Readonly<Record<string, string>>, over: object = {}) =>
  json({
    secrets: Object.entries(secrets).map(([credential, secret]) => ({
      ...{ credential, secret, identity: 'nhi_sync', name: 'sync', owner: 'team_a', actions: ['orders.read'] },
      ...{ expiresAt: '2100-01-01T00:00:00.000Z', ...over },
    })),
    seq: 0,
    accepted: 0,
  })

const setUp = (replies: readonly Reply[]) => {
  const clock = createFakeClock()
  const { fetch, asked } = createFakeFetch(replies)
  const time = createSteadyTime(clock)
  const view = createView({ clock, time, stoppedMax: 100, graceSeconds: 60, onChange: () => {} })
  view.applyPage({ seq: 0, snapshot: true, entries: [] }, clock.monotonicMs())
  const feed: Feed = {
    ...{ issuer: ISSUER, view, isConnected: true },
    ...{ ready: async () => {}, onChange: () => () => {}, close: () => {} },
  }
  const senders = createWebhookSenders({
    ...{ issuer: ISSUER, resource: RESOURCE, as: { token: async () => 'own-token' } },
    ...{ feed, fetch, clock },
  })
  const webhooks = createWebhookVerifier({ form: 'standard', secrets: senders, clock })
  const signed = (secret: string, ip?: string): WebhookRequest => {
    const at = Math.floor(clock.nowMs() / 1000)
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    const value = createHmac('sha256', key).update(`msg_1.${at}.{}`).digest('base64')
    const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(at), 'webhook-signature': `v1,${value}` }
    return { headers, body: '{}', ...(ip === undefined ? {} : { ip }) }
  }
  const beat = () => view.applyPage({ seq: view.seq ?? 0, snapshot: false, entries: [] }, clock.monotonicMs())
  return { clock, asked, view, senders, webhooks, signed, beat }
}

const seenIn = (asked: Asked | undefined) => JSON.parse(asked?.body ?? '{}').seen

test('who signed a webhook is told by Reeve, asked as the receiver, once for many webhooks', async () => {
  const secret = newSecret()
  const { asked, webhooks, signed } = setUp([told({ crd_1: secret })])
  for (const _ of [1, 2, 3]) {
    const { sender } = await webhooks.verify(signed(secret))
    assert.deepEqual(sender, {
      ...{ identity: 'nhi_sync', name: 'sync', owner: 'team_a', credential: 'crd_1', actions: ['orders.read'] },
    })
  }
  assert.deepEqual(
    asked.map(({ url, headers }) => [url, headers.get('authorization')]),
    [[`${ISSUER}/v1/broker.webhook.take`, 'Bearer own-token']],
  )
  await assert.rejects(webhooks.verify(signed(newSecret())), refusedAs('bad_signature'))
  assert.equal(asked.length, 1, 'a stranger makes nobody ask again so soon')
})

test('in a rotation both secrets are believed, and a new one at its first webhook', async () => {
  const [old, next] = [newSecret(), newSecret()]
  const { clock, asked, webhooks, signed } = setUp([told({ crd_1: old }), told({ crd_2: next, crd_1: old })])
  await webhooks.verify(signed(old))
  clock.advance(6_000)
  assert.equal((await webhooks.verify(signed(next))).sender?.credential, 'crd_2')
  assert.equal((await webhooks.verify(signed(old))).sender?.credential, 'crd_1')
  assert.equal(asked.length, 2)
})

test('what was believed is told with the next call, the latest by secret and address, and again where that failed', async () => {
  const secret = newSecret()
  const { clock, asked, webhooks, signed, beat } = setUp([
    ...[told({ crd_1: secret }), json({}, 503), told({ crd_1: secret })],
  ])
  const turn = async (...ips: string[]) => {
    for (const ip of ips) await webhooks.verify(signed(secret, ip))
    clock.advance(61_000)
    beat()
    await new Promise(setImmediate)
  }
  await turn('10.7.0.1', '10.7.0.1', '10.7.0.2')
  await turn('10.7.0.1')
  await turn('10.7.0.1')
  const places = asked.map((call) => seenIn(call).map(({ ip }: { ip: string }) => ip))
  assert.deepEqual(places.slice(0, 3), [[], ['10.7.0.1', '10.7.0.2'], ['10.7.0.1', '10.7.0.2']])
})

test('what is no address is not told, and what is refused for what it says is not told again: one sender stops no other', async () => {
  const secret = newSecret()
  const { clock, asked, webhooks, signed, beat } = setUp([
    ...[told({ crd_1: secret }), json({}, 400), told({ crd_1: secret })],
  ])
  for (const ip of ['10.7.0.1, 10.7.0.2', 'x'.repeat(65), '', '\u202e1.2.3.4', '2001:db8::1%eth0'])
    await webhooks.verify(signed(secret, ip))
  for (const _ of [1, 2]) {
    clock.advance(61_000)
    beat()
    await new Promise(setImmediate)
    await webhooks.verify(signed(secret))
  }
  const places = asked.map((call) => seenIn(call).map(({ ip }: { ip: string | null }) => ip))
  assert.deepEqual(places.slice(0, 3), [[], [null, '2001:db8::1%eth0'], []])
})

test('what two senders call the same is not the same webhook', async () => {
  const [one, other] = [newSecret(), newSecret()]
  const { secrets: first } = await told({ crd_1: one }).json()
  const { secrets: second } = await told({ crd_2: other }, { identity: 'nhi_other' }).json()
  const { webhooks, signed } = setUp([json({ secrets: [...first, ...second], seq: 0, accepted: 0 })])
  const ids = [await webhooks.verify(signed(one)), await webhooks.verify(signed(other))].map(({ id }) => id)
  assert.deepEqual(ids, ['nhi_sync/msg_1', 'nhi_other/msg_1'])
})

test('once an old secret is over, a new one is asked for at its first webhook all the same', async () => {
  const [over, lasting, next] = [newSecret(), newSecret(), newSecret()]
  const { secrets: ended } = await told({ crd_0: over }, { expiresAt: '2000-01-01T00:00:00.000Z' }).json()
  const { secrets: good } = await told({ crd_1: lasting }).json()
  const { clock, asked, webhooks, signed } = setUp([
    json({ secrets: [...ended, ...good], seq: 0, accepted: 0 }),
    told({ crd_1: lasting, crd_2: next }),
  ])
  await webhooks.verify(signed(lasting))
  clock.advance(6_000)
  assert.equal((await webhooks.verify(signed(next))).sender?.credential, 'crd_2')
  assert.equal(asked.length, 2)
})

test('a sender that the feed says is stopped is refused at once, by whatever of it was stopped', async () => {
  for (const [scope, id] of [
    ['credential', 'crd_1'],
    ['identity', 'nhi_sync'],
    ['owner', 'team_a'],
    ['issuer', ISSUER],
  ] as const) {
    const secret = newSecret()
    const { view, webhooks, signed } = setUp([told({ crd_1: secret })])
    await webhooks.verify(signed(secret))
    view.applyChange({ seq: 1, verb: 'quarantine', target: revocationTarget(scope, id), until: null })
    await assert.rejects(webhooks.verify(signed(secret)), refusedAs('sender_stopped'), scope)
  }
})

test('where the feed is out of reach, Reeve never answered, or what it said is over or malformed, nothing is believed', async () => {
  const secret = newSecret()
  const stale = setUp([told({ crd_1: secret }), new Error('away')])
  await stale.webhooks.verify(stale.signed(secret))
  stale.clock.advance(31_000)
  await assert.rejects(stale.webhooks.verify(stale.signed(secret)), refusedAs('senders_unknown'))
  stale.beat()
  stale.clock.advance(31_000)
  stale.beat()
  await stale.webhooks.verify(stale.signed(secret))
  for (const reply of [
    new Error('away'),
    json({}, 403),
    json({ secrets: [{}] }),
    told({ crd_1: secret }, { name: 5 }),
  ]) {
    const { webhooks, signed } = setUp([reply])
    await assert.rejects(webhooks.verify(signed(secret)), refusedAs('senders_unknown'))
  }
  const over = setUp([
    told({ crd_1: secret }, { expiresAt: new Date(createFakeClock().nowMs() + 1_000).toISOString() }),
  ])
  await over.webhooks.verify(over.signed(secret))
  over.clock.advance(1_000)
  await assert.rejects(over.webhooks.verify(over.signed(secret)), refusedAs('bad_signature'))
  assert.throws(() => createWebhookVerifier({ form: 'stripe', secrets: over.senders }), /Standard Webhooks/)
})
