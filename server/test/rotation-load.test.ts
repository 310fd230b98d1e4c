import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { rounds } from '../../test/rounds.ts'
import { assertionForm, ORDERS, onEveryBroker, post, setUpOrders, signAssertion, type TestBroker } from './broker.ts'
import { catchUpUses, runJob } from './broker-jobs.ts'

// Issue 4 and T10 of the trust bars: a rotation of a signing key and of many credentials under load, and 0 failed requests.

const CREDENTIALS = rounds({ quick: 14, full: 1_000 })
const EACH_IDENTITY = 10
const AT_ONCE = 16
const MINUTE = 60_000
const STEP_MS = 4 * MINUTE
const KEY_SET_KEPT_MS = 5 * MINUTE
const KEY_GENERATIONS = 3
const TOKENS_KEPT = 40
// Longer than a credential has to be idle before it is looked at.
const SELDOM = 5
// A thousand ask every second step: as often as is needed, and half the time.
const OFTEN = rounds({ quick: 1, full: 2 })

/** Who uses one credential: it has what proves it, and takes the next when it comes round to it. */
interface Consumer {
  readonly identity: string
  readonly instance: string
  readonly isKey: boolean
  /** In steps: some ask so seldom that their silence must not be taken for their absence. */
  readonly asksEvery: number
  credential: string
  proof: string | KeyObject
  next: { readonly credential: string; readonly proof: string | KeyObject; readonly movesAtStep: number } | undefined
}

onEveryBroker(
  'T10: while a signing key and every credential is rotated, no request fails and no token is refused',
  async (test, t) => {
    const { clock } = test.room
    const consumers = await makeConsumers(test)
    const old = consumers.map(({ credential }) => credential)
    const failed: string[] = []
    const tokens: string[] = []
    let asked = 0
    let verified = 0
    let keySet = { fetchedAt: 0, find: createLocalJWKSet({ keys: [] }) }
    const kids = new Set<string>()

    let step = 0

    const askAll = () =>
      inParallel(
        consumers.filter(({ asksEvery }) => step % asksEvery === 0),
        async (consumer) => {
          const { status, body } = await askAs(test, consumer)
          asked++
          if (status === 200) tokens.push(body.access_token)
          else failed.push(`${consumer.identity} ${consumer.instance}: ${status} ${body.code}`)
        },
      )
    /** As a verifier does: with a key set that it keeps for as long as it may. */
    const verifyAll = async () => {
      if (clock.now().getTime() - keySet.fetchedAt >= KEY_SET_KEPT_MS) {
        const jwks: JSONWebKeySet = JSON.parse(test.broker.jwks())
        assert.ok(jwks.keys.length > 0, 'the key set is never empty')
        keySet = { fetchedAt: clock.now().getTime(), find: createLocalJWKSet(jwks) }
      }
      for (const token of tokens) {
        const found = await jwtVerify(token, keySet.find, { currentDate: clock.now(), audience: ORDERS }).catch(
          (error: unknown) => String(error),
        )
        verified++
        if (typeof found === 'string') failed.push(found)
        else kids.add(found.protectedHeader.kid ?? '')
      }
      // Kept for as long as they are good: the oldest is nearly as old as a token may be.
      const fresh = tokens.filter((token) => endOf(token) > clock.now().getTime() + STEP_MS)
      const every = Math.ceil(fresh.length / TOKENS_KEPT)
      tokens.splice(0, tokens.length, ...fresh.filter((_, at) => at % every === 0))
    }

    const oneStep = async (alsoDone: () => Promise<unknown>) => {
      await Promise.all([askAll(), alsoDone()])
      await verifyAll()
      for (const consumer of consumers)
        if (consumer.next !== undefined && consumer.next.movesAtStep <= step)
          Object.assign(consumer, consumer.next, { next: undefined })
      clock.advance(STEP_MS)
      step++
    }
    const turn = async () => {
      await catchUpUses(test)
      await runJob(test, 'broker.rotation.advance')
      await runJob(test, 'broker.key.advance')
      await runJob(test, 'broker.sweep')
    }

    await oneStep(turn)
    await oneStep(() =>
      inParallel(consumers, (consumer, at) =>
        rotate(test, consumer, step + (consumer.asksEvery === SELDOM ? SELDOM + 2 : at % 5)),
      ),
    )
    for (let generation = 1; generation <= KEY_GENERATIONS; ) {
      await oneStep(turn)
      const { items } = await test.call('broker.key.list', {})
      const isRunning = items.some(({ state }: { state: string }) => state === 'prepared' || state === 'published')
      if (isRunning) continue
      if (generation < KEY_GENERATIONS) await test.call('broker.key.rotate', { algorithm: 'ES256', reason: 'test' })
      generation++
    }
    await oneStep(turn)

    assert.deepEqual(failed.slice(0, 10), [])
    const states = await Promise.all(
      old.map(async (credential) => (await test.call('broker.credential.show', { credential })).credential),
    )
    assert.deepEqual(
      new Set(states.map(({ state, rotation }) => `${state} ${rotation?.endedBecause}`)),
      new Set(['retired all-moved']),
    )
    assert.equal(kids.size, KEY_GENERATIONS)
    t.diagnostic(
      `${CREDENTIALS} credentials and ${KEY_GENERATIONS} generations of a signing key in ${step} steps: ${asked} requests, ${verified} tokens verified, 0 failed`,
    )
  },
)

const makeConsumers = async (test: TestBroker): Promise<Consumer[]> => {
  const consumers: Consumer[] = []
  for (let at = 0; at < CREDENTIALS; at++) {
    const identity = `nhi_sync${Math.floor(at / EACH_IDENTITY)}`
    if (at % EACH_IDENTITY === 0) setUpOrders(test, identity)
    const isKey = at % 2 === 1
    const asksEvery = at % 7 === 0 ? SELDOM : OFTEN
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const kind = isKey
      ? { kind: 'public-key', publicKey: pair.publicKey.export({ format: 'jwk' }) }
      : { kind: 'client-secret' }
    const { credential, secret } = await test.call('broker.credential.add', { identity, ...kind })
    const proof = isKey ? pair.privateKey : secret
    consumers.push({
      identity,
      instance: `pod-${at}`,
      isKey,
      asksEvery,
      credential: credential.id,
      proof,
      next: undefined,
    })
  }
  return consumers
}

const rotate = async (test: TestBroker, consumer: Consumer, movesAtStep: number): Promise<void> => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = consumer.isKey ? { publicKey: pair.publicKey.export({ format: 'jwk' }) } : {}
  const { credential, secret } = await test.call('broker.credential.rotate', {
    credential: consumer.credential,
    ...key,
  })
  consumer.next = { credential: credential.id, proof: secret ?? pair.privateKey, movesAtStep }
}

const askAs = async (test: TestBroker, { identity, instance, proof }: Consumer) => {
  const claims = { iss: identity, sub: identity }
  const proven =
    typeof proof === 'string'
      ? { client_id: identity, client_secret: proof }
      : assertionForm(await signAssertion(test, proof, claims))
  return post(test, '/oauth/token', { grant_type: 'client_credentials', resource: ORDERS, instance, ...proven })
}

const endOf = (token: string): number =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).exp * 1000

const inParallel = async <T>(items: readonly T[], work: (item: T, at: number) => Promise<void>): Promise<void> => {
  const left = items.entries()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const [at, item] of left) await work(item, at)
    }),
  )
}
