import assert from 'node:assert/strict'
import { test as plainTest } from 'node:test'
import { createVerifier } from '@reeve/sdk'
import { decodeJwt } from 'jose'
import { tagged } from '../../src/broker/hot/tag-claims.ts'
import { addSecret, onEveryBroker, post, postSecret, setUpOrders, type TestBroker } from '../broker.ts'

const TAGGED = 'https://tagged.example.com'
const AWS = 'https://sts.amazonaws.com/'

/** An identity with three tags, and two resources that each ask for some of them. */
const setUpTagged = async (test: TestBroker) => {
  setUpOrders(test)
  test.subjects.put('nhi_sync', { tags: { application: 'orders', cost_center: '4711', ticket: 'OPS-1' } })
  const tagClaims = [
    { tag: 'application', claim: 'app' },
    { tag: 'cost_center', claim: 'https://acme.example/cost_center' },
    { tag: 'owner_mail', claim: 'mail' },
  ]
  test.decisions.addResource(TAGGED, { tagClaims, servedBy: ['nhi_orders_api'] })
  const awsSessionTags = [
    { tag: 'application', key: 'Application', isTransitive: true },
    { tag: 'cost_center', key: 'CostCenter', isTransitive: false },
    { tag: 'owner_mail', key: 'Mail', isTransitive: true },
  ]
  test.decisions.addResource(AWS, { awsSessionTags })
  for (const uri of [TAGGED, AWS]) test.decisions.grant('nhi_sync', uri, ['orders.read'])
  return addSecret(test)
}

const SAID = { app: 'orders', 'https://acme.example/cost_center': '4711' }
const USUAL = ['iss', 'sub', 'client_id', 'aud', 'exp', 'iat', 'jti', 'scope', 'reeve']

const claimsFor = async (test: TestBroker, secret: string, resource?: string) => {
  const { body } = await postSecret(test, secret, resource === undefined ? {} : { resource })
  return { token: String(body.access_token), claims: decodeJwt(body.access_token) }
}

const others = (claims: object) => Object.fromEntries(Object.entries(claims).filter(([name]) => !USUAL.includes(name)))

onEveryBroker('a token says the tags that its resource asks for, and no tag that it did not', async (test) => {
  const { secret } = await setUpTagged(test)
  assert.deepEqual(others((await claimsFor(test, secret, TAGGED)).claims), SAID)
  assert.deepEqual(others((await claimsFor(test, secret)).claims), {})
})

onEveryBroker('AWS is told tags as it takes them: lists of one value, and which go on', async (test) => {
  const { secret } = await setUpTagged(test)
  assert.deepEqual(others((await claimsFor(test, secret, AWS)).claims), {
    'https://aws.amazon.com/tags': {
      principal_tags: { Application: ['orders'], CostCenter: ['4711'] },
      transitive_tag_keys: ['Application'],
    },
  })
})

onEveryBroker('introspection says the tags of a token, and those of an API key as they are now', async (test) => {
  const { secret } = await setUpTagged(test)
  const asker = await addSecret(test, 'nhi_orders_api')
  const ask = async (token: string) => {
    const as = { client_id: 'nhi_orders_api', client_secret: asker.secret }
    const { body } = await post(test, '/oauth/introspect', { ...as, token, source_ip: '192.0.2.7' })
    const { active, app, mail } = body
    return { active, app, mail, cost: body['https://acme.example/cost_center'] }
  }
  const { token } = await claimsFor(test, secret, TAGGED)
  assert.deepEqual(await ask(token), { active: true, app: 'orders', mail: undefined, cost: '4711' })
  // A key belongs to a device in its network.
  test.subjects.put('nhi_sync', { kind: 'device' })
  const added = await test.call('broker.credential.add', {
    ...{ identity: 'nhi_sync', kind: 'api-key', resource: TAGGED, actions: ['orders.read'] },
    networks: ['192.0.2.0/24'],
  })
  assert.deepEqual(await ask(added.secret), { active: true, app: 'orders', mail: undefined, cost: '4711' })
})

onEveryBroker('an exchanged token says the tags of whom it is about, as its own resource asks', async (test) => {
  const { secret } = await setUpTagged(test)
  test.subjects.put('nhi_orders_api', { tags: { application: 'api' } })
  test.decisions.grant('nhi_orders_api', TAGGED, ['orders.read'])
  test.decisions.letActFor('nhi_orders_api', 'nhi_sync')
  const actor = await addSecret(test, 'nhi_orders_api')
  const { body } = await post(test, '/oauth/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    client_id: 'nhi_orders_api',
    client_secret: actor.secret,
    subject_token: (await claimsFor(test, secret)).token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    resource: TAGGED,
  })
  const { act, ...rest } = others(decodeJwt(body.access_token))
  assert.deepEqual([act, rest], [{ sub: 'nhi_orders_api' }, SAID])
})

onEveryBroker('the SDK hands a handler the tags by their claims', async (test) => {
  test.room.clock.advance(Date.now() - test.room.clock.now().getTime())
  const { secret } = await setUpTagged(test)
  const { token } = await claimsFor(test, secret, TAGGED)
  const verifier = createVerifier({ issuer: test.url, audience: TAGGED, mode: 'bestEffort' })
  try {
    await verifier.ready()
    assert.deepEqual((await verifier.verify(token)).tags, SAID)
  } finally {
    await verifier.close()
  }
})

plainTest('a tag is never said in place of what a token is judged by, whatever was registered', () => {
  const claims = {
    ...{
      iss: 'https://reeve.example',
      sub: 'nhi_a',
      client_id: 'nhi_a',
      aud: TAGGED,
      exp: 2,
      iat: 1,
      jti: 'j',
      scope: 's',
    },
    reeve: { principal_type: 'nhi', name: 'a', environment: 'p', tier: 'low', owner: 't', credential: 'c' },
  } as const
  const wanted = Object.keys(claims).map((claim) => ({ tag: 'application', claim }))
  const resource = { tagClaims: wanted, awsSessionTags: [] }
  assert.deepEqual(tagged(resource, { tags: { application: 'other' } }, claims), claims)
})
