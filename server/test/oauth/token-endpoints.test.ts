import assert from 'node:assert/strict'
import { createVerifier } from '@reeve/sdk'
import { generateKeyPair, SignJWT } from 'jose'
import { holdKey } from '../dpop.ts'
import { onEveryServer, type RunningServer } from '../process.ts'
import { byAssertion, bySecret, claimsIn, postForm, setUpWorkload, type Workload } from '../workload.ts'

// T6 of the trust bars: everything that is a credential somewhere, shown at every place that takes one.

const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt'
const ACCESS_TYPE = 'urn:ietf:params:oauth:token-type:access_token'
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Where a bearer proves who calls. */
const BEARER_PLACES: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['GET', '/v1/inventory.identity.list'],
  ['GET', '/v1/inventory.team.list'],
  ['GET', '/v1/broker.key.list'],
  ['GET', '/v1/policy.resource.list'],
  ['GET', '/v1/observe.finding.list'],
  ['GET', '/v1/lifecycle.approval.list'],
  ['POST', '/v1/inventory.team.create', {}],
  ['POST', '/v1/broker.key.rotate', {}],
  ['POST', '/v1/lifecycle.person.invite', {}],
  ['GET', '/audit/export'],
  ['POST', '/access/v1/evaluation', {}],
  ['POST', '/access/v1/evaluations', {}],
  ['POST', '/access/v1/search/subject', {}],
  ['POST', '/access/v1/search/resource', {}],
  ['GET', '/ssf/streams'],
  ['POST', '/ssf/verify', {}],
]

/** What is taken where; everything else is refused. */
const INTENDED: Readonly<Record<string, readonly string[]>> = {
  session: BEARER_PLACES.map(([method, path]) => `${method} ${path}`),
  'a token for orders': [
    'introspection by orders',
    'the verifier of orders',
    'subject token',
    'subject token as a JWT',
  ],
  'a token for billing': ['introspection by billing', 'the verifier of billing'],
  'a client assertion': ['client assertion'],
}

onEveryServer(
  'T6: each kind of token, of each issuer and for each audience, is taken at the places that it is for, and at no other',
  async ({ server, admin }, t) => {
    const issuer = server.url
    const orders = await setUpWorkload(server, admin, 'orders')
    const billing = await setUpWorkload(server, admin, 'billing')
    const tokenOf = async (workload: Workload) =>
      String((await postForm(server, '/oauth/token', bySecret(workload))).body.access_token)
    const ordersToken = await tokenOf(orders)
    const held = await holdKey()
    const { privateKey } = await generateKeyPair('ES256')
    const kinds: Readonly<Record<string, () => Promise<string>>> = {
      session: async () => admin.token,
      'a token for orders': async () => ordersToken,
      'a token for billing': () => tokenOf(billing),
      'a token of another issuer': () => forge(claimsIn(ordersToken), { iss: 'https://other.example.com' }, privateKey),
      'a token of another key': () => forge(claimsIn(ordersToken), {}, privateKey),
      'a client assertion': async () => (await byAssertion(orders, issuer)).client_assertion,
      'a client secret': async () => orders.secret,
      'a proof of a key': () => held.prove({ method: 'POST', url: `${issuer}/oauth/token` }),
      'a signed introspection': () => signedIntrospection(server, orders, ordersToken),
    }
    const places = placesOf(server, { orders, billing })
    const wrong: string[] = []
    for (const [kind, make] of Object.entries(kinds))
      for (const [place, takes] of Object.entries(places)) {
        const isTaken = await takes(await make())
        const isIntended = INTENDED[kind]?.includes(place) === true
        if (isTaken !== isIntended) wrong.push(`${kind} ${isTaken ? 'is' : 'is not'} taken at ${place}`)
      }
    t.diagnostic(`T6: ${Object.keys(kinds).length} kinds at ${Object.keys(places).length} places`)
    assert.deepEqual(wrong, [])
    assert.ok(Object.keys(places).length >= 20)
  },
)

const placesOf = (
  server: RunningServer,
  { orders, billing }: { readonly orders: Workload; readonly billing: Workload },
): Readonly<Record<string, (token: string) => Promise<boolean>>> => {
  const bearers = BEARER_PLACES.map(
    ([method, path, body]) =>
      [
        `${method} ${path}`,
        async (token: string) => {
          const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
          const sent = body === undefined ? {} : { body: JSON.stringify(body) }
          const response = await fetch(server.url + path, { method, headers, ...sent })
          await response.arrayBuffer()
          // What it may do is another question than who it is.
          return response.status !== 401
        },
      ] as const,
  )
  const issues = async (form: Readonly<Record<string, string>>) => {
    const { status, body } = await postForm(server, '/oauth/token', form)
    // The policy is asked about a subject whose token was taken: what it permits is another question.
    return status === 200 || body.code === 'delegation_denied'
  }
  const exchange = {
    ...{ client_id: orders.api.id, client_secret: orders.api.secret, resource: billing.audience },
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  }
  const introspects = (by: Workload) => async (token: string) => {
    const form = { client_id: by.api.id, client_secret: by.api.secret, token }
    return (await postForm(server, '/oauth/introspect', form)).body.active === true
  }
  const verifies = (of: Workload) => {
    const verifier = createVerifier({ issuer: server.url, audience: of.audience, mode: 'bestEffort' })
    return (token: string) =>
      verifier.verify(token).then(
        () => true,
        () => false,
      )
  }
  return {
    ...Object.fromEntries(bearers),
    'client assertion': (token) =>
      issues({
        ...{ grant_type: 'client_credentials', resource: orders.audience },
        ...{ client_assertion_type: ASSERTION, client_assertion: token },
      }),
    'subject token': (token) => issues({ ...exchange, subject_token: token, subject_token_type: ACCESS_TYPE }),
    'assertion of an issuer': (token) =>
      issues({
        ...{ client_id: orders.id, client_secret: orders.secret, resource: orders.audience },
        ...{ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: token },
      }),
    'subject token as a JWT': (token) => issues({ ...exchange, subject_token: token, subject_token_type: JWT_TYPE }),
    'introspection by orders': introspects(orders),
    'introspection by billing': introspects(billing),
    'the verifier of orders': verifies(orders),
    'the verifier of billing': verifies(billing),
  }
}

const forge = (
  claims: Readonly<Record<string, unknown>>,
  change: Readonly<Record<string, unknown>>,
  key: CryptoKey,
): Promise<string> =>
  new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'key_x' }).sign(key)

const signedIntrospection = async (server: RunningServer, { api }: Workload, token: string): Promise<string> => {
  const response = await fetch(`${server.url}/oauth/introspect`, {
    method: 'POST',
    headers: {
      accept: 'application/token-introspection+jwt',
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ client_id: api.id, client_secret: api.secret, token }),
  })
  return response.text()
}
