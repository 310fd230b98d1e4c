import { parseArgs } from 'node:util'
import { createVerifier, type Verifier } from '@reeve/sdk'
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose'

// Verifications a second: tokens never seen before, by the SDK and by jose in turn, and tokens seen before.

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } })
const seconds = Number(values.seconds)
const issuer = 'https://reeve.test'
const audience = 'https://orders.test'
const tokensPerRound = 2_000
// As many as a server has under way on two cores; one at a time would measure the way to the thread pool and back.
const underWay = 16

const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'key-1', use: 'sig' }] })
const nowSeconds = Math.floor(Date.now() / 1000)

const sign = (at: number): Promise<string> =>
  new SignJWT({
    client_id: 'nhi_0123456789abcdef',
    scope: 'orders.read orders.list',
    reeve: {
      principal_type: 'nhi',
      name: 'orders-sync',
      environment: 'production',
      tier: 'medium',
      owner: 'team_0123456789abcdef',
      credential: 'crd_0123456789abcdef',
      workflow: { name: 'nightly', repository: 'shop/orders', run: String(at) },
      instance: `pod-${at}`,
    },
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'key-1', typ: 'at+jwt' })
    .setIssuer(issuer)
    .setSubject('nhi_0123456789abcdef')
    .setAudience(audience)
    .setJti(crypto.randomUUID())
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + 3_600)
    .sign(privateKey)

const tokens: string[] = []
for (let at = 0; at < tokensPerRound; at += 1) tokens.push(await sign(at))

/** The issuer, without a network: keys, and a feed with 1,000 stops that no token meets. */
const stops = Array.from({ length: 1_000 }, (_, at) => ({
  seq: at + 1,
  verb: 'quarantine',
  target: `target-${at}`,
  until: null,
}))
const feedPage = JSON.stringify({ seq: stops.length, snapshot: true, entries: stops })
const fromMemory = async (url: string, init: RequestInit): Promise<Response> => {
  if (url.endsWith('/jwks.json')) return new Response(jwks)
  return new Headers(init.headers).get('accept') === 'application/json'
    ? new Response(feedPage)
    : new Response(null, { status: 406 })
}

const newVerifier = async (): Promise<Verifier> => {
  const verifier = createVerifier({ issuer, audience, fetch: fromMemory })
  await verifier.ready()
  return verifier
}

/** Each token once, several under way; gives how many a second. */
const rate = async (check: (token: string) => Promise<unknown>): Promise<number> => {
  const startedAtMs = performance.now()
  let next = 0
  const worker = async (): Promise<void> => {
    for (let token = tokens[next++]; token !== undefined; token = tokens[next++]) await check(token)
  }
  await Promise.all(Array.from({ length: underWay }, worker))
  return tokensPerRound / ((performance.now() - startedAtMs) / 1000)
}

const byReeve = async (): Promise<number> => {
  // A new verifier, so that no token has been seen.
  const verifier = await newVerifier()
  const perSecond = await rate((token) => verifier.verify(token, { action: 'orders.read' }))
  await verifier.close()
  return perSecond
}

const byPeer = (): Promise<number> =>
  rate((token) => jwtVerify(token, publicKey, { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] }))

/** Checks in the text of headers, as a server gets it: a new string each time, so that no hash of it is known. */
const bySight = async (verifier: Verifier): Promise<number> => {
  const headers = tokens.map((token) => Buffer.from(`Bearer ${token}`))
  const rounds = 20
  let spentMs = 0
  for (let round = 0; round < rounds; round += 1) {
    const texts = headers.map((header) => header.toString('latin1'))
    const startedAtMs = performance.now()
    for (const text of texts)
      if (verifier.verifySeen(text, { action: 'orders.read' }) === undefined)
        throw new Error('a seen token was not known')
    spentMs += performance.now() - startedAtMs
  }
  return (rounds * tokensPerRound) / (spentMs / 1000)
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

const reeve: number[] = []
const peer: number[] = []
const seen: number[] = []
const warm = await newVerifier()
for (const token of tokens) await warm.verify(token)
await byReeve()
await byPeer()

const endsAtMs = performance.now() + seconds * 1000
while (performance.now() < endsAtMs || reeve.length < 3) {
  // In turn, and the first of the two in turn, as a neighbour's load comes and goes.
  if (reeve.length % 2 === 0) reeve.push(await byReeve())
  peer.push(await byPeer())
  if (reeve.length < peer.length) reeve.push(await byReeve())
  seen.push(await bySight(warm))
}
await warm.close()

console.log(`${reeve.length} rounds of ${tokensPerRound} tokens, ${underWay} under way, ES256, 1,000 stops in force`)
const toPeer = median(reeve.map((value, at) => value / (peer[at] ?? value)))
console.log(
  JSON.stringify({
    bench: 'verify',
    unit: 'verifications/s',
    reeve: Math.round(median(reeve)),
    peer: Math.round(median(peer)),
    toPeer: Math.round(toPeer * 100) / 100,
    seenBefore: Math.round(median(seen)),
  }),
)
