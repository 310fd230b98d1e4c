import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFakeClock } from '../../test/fake-clock.ts'
import { type WebhookCode, WebhookError, webhookCodes } from './webhook-error.ts'
import { createWebhookVerifier, type WebhookRequest } from './webhook-verifier.ts'

const refusedAs = (code: WebhookCode) => (error: unknown) => error instanceof WebhookError && error.code === code
const atSeconds = (seconds: number) => createFakeClock(seconds * 1000 - createFakeClock(0).nowMs())

// Each with the values that the sender's own documentation gives.
const STANDARD = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  headers: {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  },
  body: '{"test": 2432232314}',
}
const GITHUB = {
  secret: "It's a Secret to Everybody",
  headers: { 'X-Hub-Signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
  body: 'Hello, World!',
}
const SLACK = {
  secret: '8f742231b10e8888abcd99yyyzzz85a5',
  headers: {
    'X-Slack-Request-Timestamp': '1531420618',
    'X-Slack-Signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  },
  body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
}

const stripeRequest = (secret: string, at: number, body: string): WebhookRequest => ({
  headers: { 'stripe-signature': `t=${at},v1=${hmac(secret, `${at}.${body}`)},v0=${'0'.repeat(64)}` },
  body,
})
const hmac = (secret: string | Buffer, text: string) => createHmac('sha256', secret).update(text).digest('hex')

test('what the documentation of a sender gives as signed is taken: Standard Webhooks, GitHub, Slack', async () => {
  const standard = createWebhookVerifier({
    form: 'standard',
    secrets: [STANDARD.secret],
    clock: atSeconds(1_614_265_330),
  })
  assert.deepEqual(await standard.verify(STANDARD), {
    secret: 0,
    sender: undefined,
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    at: new Date(1_614_265_330_000),
    text: STANDARD.body,
  })
  const github = await createWebhookVerifier({ form: 'github', secrets: [GITHUB.secret] }).verify(GITHUB)
  assert.deepEqual([github.at, github.text], [undefined, GITHUB.body])
  const slack = createWebhookVerifier({ form: 'slack', secrets: [SLACK.secret], clock: atSeconds(1_531_420_618) })
  assert.equal((await slack.verify({ ...SLACK, body: Buffer.from(SLACK.body) })).text, SLACK.body)
})

test('a Stripe signature is taken with others beside it, and no other version in its place', async () => {
  const stripe = createWebhookVerifier({ form: 'stripe', secrets: ['whsec_of_the_endpoint'], clock: atSeconds(1_000) })
  const { headers, body } = stripeRequest('whsec_of_the_endpoint', 1_000, '{}')
  assert.equal((await stripe.verify({ headers, body })).at?.getTime(), 1_000_000)
  const signed = String(Object.values(headers)[0])
  const asOther = { 'stripe-signature': signed.replace('v1=', 'v9=') }
  await assert.rejects(stripe.verify({ headers: asOther, body }), refusedAs('signature_missing'))
  const twoTimes = { 'stripe-signature': `t=2000,${signed}` }
  await assert.rejects(stripe.verify({ headers: twoTimes, body }), refusedAs('timestamp_malformed'))
})

test('a Standard Webhook that is signed by a private key is taken by its public one, and a secret never stands for it', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  const raw = Buffer.from(x, 'base64url').toString('base64')
  const text = `msg_1.1000.{}`
  const value = sign(null, Buffer.from(text), privateKey).toString('base64')
  const request = (signature: string): WebhookRequest => ({
    headers: { 'webhook-id': 'msg_1', 'webhook-timestamp': '1000', 'webhook-signature': signature },
    body: '{}',
  })
  const verifier = createWebhookVerifier({ form: 'standard', secrets: [`whpk_${raw}`], clock: atSeconds(1_000) })
  assert.equal((await verifier.verify(request(`v1a,${value}`))).id, 'msg_1')
  // The public key is known to all: as the secret of an HMAC it would let anybody sign.
  const forged = Buffer.from(hmac(Buffer.from(raw, 'base64'), text), 'hex').toString('base64')
  await assert.rejects(verifier.verify(request(`v1,${forged}`)), refusedAs('bad_signature'))
})

test('while a secret is rotated both are taken, and it is told which was used', async () => {
  const [oldOne, newOne] = ['the old secret of the sender', 'the new secret of the sender']
  const verifier = createWebhookVerifier({ form: 'stripe', secrets: [newOne, oldOne], clock: atSeconds(50) })
  assert.equal((await verifier.verify(stripeRequest(oldOne, 50, 'x'))).secret, 1)
  assert.equal((await verifier.verify(stripeRequest(newOne, 50, 'x'))).secret, 0)
  await assert.rejects(verifier.verify(stripeRequest('the secret of a stranger', 50, 'x')), refusedAs('bad_signature'))
})

test('a webhook has one id, whichever of its signatures somebody left in it', async () => {
  const [oldOne, newOne] = ['the old secret of the sender', 'the new secret of the sender']
  const verifier = createWebhookVerifier({ form: 'stripe', secrets: [newOne, oldOne], clock: atSeconds(50) })
  const byOld = stripeRequest(oldOne, 50, 'x')
  const byNew = stripeRequest(newOne, 50, 'x')
  const [signedOld, signedNew] = [byOld, byNew].map(({ headers }) => String(Object.values(headers)[0]))
  const both = {
    headers: { 'stripe-signature': `${signedNew},v1=${signedOld?.split('v1=')[1]?.split(',')[0]}` },
    body: 'x',
  }
  const ids = await Promise.all([both, byOld, byNew].map(async (request) => (await verifier.verify(request)).id))
  assert.equal(new Set(ids).size, 1)
  assert.notEqual((await verifier.verify(stripeRequest(newOne, 50, 'y'))).id, ids[0])
})

test('a body is copied whole and once: its text is what was verified, and a large one costs no more than its size', async () => {
  const verifier = createWebhookVerifier({ form: 'stripe', secrets: ['a secret of the sender'], clock: atSeconds(50) })
  const { headers } = stripeRequest('a secret of the sender', 50, 'pay 1')
  const body = Buffer.from('pay 1')
  // Byte by byte, a large one would take many times its size before anybody knows who sent it.
  Object.defineProperty(body, Symbol.iterator, { value: () => assert.fail('taken byte by byte') })
  const verified = verifier.verify({ headers, body })
  await new Promise(setImmediate)
  body.write('pay 9')
  assert.equal((await verified).text, 'pay 1')
})

test('an empty body is verified as one, and what a framework made of a body is refused as the mistake that it is', async () => {
  const verifier = createWebhookVerifier({ form: 'stripe', secrets: ['a secret of the sender'], clock: atSeconds(50) })
  const { headers } = stripeRequest('a secret of the sender', 50, '')
  for (const body of ['', new Uint8Array()]) assert.equal((await verifier.verify({ headers, body })).text, '')
  for (const body of [undefined, {}, [], new ArrayBuffer(0)])
    await assert.rejects(Reflect.apply(verifier.verify, undefined, [{ headers, body }]), /as they came, not yet parsed/)
})

test('a webhook is taken within five minutes of its time to either side, or within what was said, and not beyond', async () => {
  for (const [toleranceSeconds, bound] of [
    [undefined, 300],
    [10, 10],
  ] as const) {
    const options = {
      form: 'stripe',
      secrets: ['a secret of the sender'],
      ...(toleranceSeconds && { toleranceSeconds }),
    } as const
    for (const offset of [-bound, bound]) {
      const request = stripeRequest('a secret of the sender', 10_000 + offset, 'x')
      const verifier = createWebhookVerifier({ ...options, clock: atSeconds(10_000) })
      await verifier.verify(request)
      const late = createWebhookVerifier({ ...options, clock: atSeconds(10_000 - Math.sign(offset)) })
      await assert.rejects(late.verify(request), refusedAs('too_old'))
    }
  }
})

test('no other body, time or id is taken under a signature, whichever character is changed', async () => {
  const clock = atSeconds(1_614_265_330)
  const verifier = createWebhookVerifier({ form: 'standard', secrets: [STANDARD.secret], clock })
  const parts: Record<string, string> = { ...STANDARD.headers, body: STANDARD.body }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature', 'body'),
      fc.nat(200),
      fc.string({ minLength: 1, maxLength: 1 }),
      async (name, place, letter) => {
        const was = parts[name] ?? ''
        const at = place % was.length
        const now = was.slice(0, at) + letter + was.slice(at + 1)
        // Padding may be left out, and a space ends a signature: that is the same one.
        if (now === was || (name === 'webhook-signature' && now === was.replace(/=$/, ' '))) return
        const { body = '', ...headers } = { ...parts, [name]: now }
        await assert.rejects(verifier.verify({ headers, body }), WebhookError)
      },
    ),
  )
})

test('whatever the headers hold, the answer is one of the codes and never another failure', async () => {
  const header = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.constantFrom('', 'v1,', 'v1,===', `v1,${'A'.repeat(43)}=`, 'v0=', 'sha256=', 'sha1=abc', 't=1,t=2', 't=1,v1=zz'),
    fc.array(fc.string(), { maxLength: 3 }),
  )
  const names = [
    ...Object.keys(STANDARD.headers),
    ...Object.keys(GITHUB.headers),
    ...Object.keys(SLACK.headers),
    'stripe-signature',
  ]
  const verifiers = (['standard', 'github', 'slack', 'stripe'] as const).map((form) =>
    createWebhookVerifier({ form, secrets: [STANDARD.secret] }),
  )
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), header), async (headers) => {
      for (const verifier of verifiers)
        await verifier.verify({ headers, body: 'x' }).then(
          () => assert.fail('taken'),
          (error) => assert.ok(error instanceof WebhookError && webhookCodes.includes(error.code), String(error)),
        )
    }),
  )
})

test('a secret that anybody could guess, none at all, and a form that is not known are refused at once or at the first use', async () => {
  assert.throws(() => createWebhookVerifier({ form: 'github', secrets: [] }), /secrets is empty/)
  const form: string = 'toString'
  // From JavaScript anything may come.
  assert.throws(
    () => Reflect.apply(createWebhookVerifier, undefined, [{ form, secrets: ['x'.repeat(20)] }]),
    /form is one of standard, /,
  )
  for (const [form, secret] of [
    ['github', 'short'],
    ['standard', 'whsec_c2hvcnQ='],
    ['standard', 'whpk_c2hvcnQ='],
    ['standard', 'whsec_not base64 at all, but long enough to be'],
  ] as const) {
    const verifier = createWebhookVerifier({ form, secrets: [secret] })
    await assert.rejects(
      verifier.verify(GITHUB),
      (error) => error instanceof TypeError && !String(error).includes(secret),
    )
  }
})
