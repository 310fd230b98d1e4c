import assert from 'node:assert/strict'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { onEveryServer } from '../process.ts'
import { identityInput, setUpWorkload } from '../workload.ts'
import { applyRecords, createPep, ownToken, type Pep } from './pep.ts'

// The certification scenario of the AuthZEN Authorization API 1.0, by its sections. Who asks is an identity that the
// application lists, with a token for this server; the people and records are those of examples/authzen.

const alice = { type: 'user', id: 'alice' }
const bob = { type: 'user', id: 'bob' }
const admin = { ...bob, properties: { role: 'admin' } }
const record1 = { type: 'record', id: 'record-1' }
const record2 = { type: 'record', id: 'record-2' }
const active1 = { ...record1, properties: { status: 'active' } }
const archived2 = { ...record2, properties: { status: 'archived' } }
const [read, write] = [{ name: 'read' }, { name: 'write' }]
const remove = (soft: boolean) => ({ name: 'delete', properties: { soft } })
const context = { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' }
const fixture = { subject: alice, action: read, resource: record1 }

const cases: { name: string; body: (pep: Pep, url: string) => Promise<void> }[] = []
const withPep = (name: string, body: (pep: Pep, url: string) => Promise<void>): void => void cases.push({ name, body })

const decisionOf = async (pep: Pep, request: unknown): Promise<boolean> => {
  const { status, headers, body } = await pep.ask('evaluation', request)
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(headers.get('content-type'), 'application/json')
  assert.equal(typeof body.decision, 'boolean')
  assert.equal(typeof (body.context ?? {}), 'object')
  return body.decision
}

withPep('Basic Core: decisions by identifiers alone, with what the specification has ignored ignored', async (pep) => {
  assert.equal(await decisionOf(pep, fixture), true)
  assert.equal(await decisionOf(pep, { ...fixture, action: write }), true)
  assert.equal(await decisionOf(pep, { ...fixture, subject: bob }), true)
  assert.equal(await decisionOf(pep, { subject: bob, action: write, resource: record1 }), false)
  assert.equal(await decisionOf(pep, { ...fixture, context }), true)
  const more = {
    subject: { ...alice, properties: { department: 'Sales', role: 'manager' } },
    action: { ...read, properties: { method: 'GET' } },
    resource: { ...record1, properties: { status: 'active', owner: 'bob' } },
  }
  assert.equal(await decisionOf(pep, more), true)
  assert.equal(await decisionOf(pep, { ...fixture, foo: 'bar', futureField: { nested: true } }), true)
  for (let again = 0; again < 5; again += 1) assert.equal(await decisionOf(pep, fixture), true)
})

withPep('Basic Core: what is missing, of another type or no JSON is 400, and X-Request-ID comes back', async (pep) => {
  const { subject, action, resource } = fixture
  const wrong: unknown[] = [
    { action, resource },
    { subject, resource },
    { subject, action },
    { ...fixture, subject: { id: 'alice' } },
    { ...fixture, subject: { type: 'user' } },
    { ...fixture, action: {} },
    { ...fixture, resource: { id: 'record-1' } },
    { ...fixture, resource: { type: 'record' } },
    { ...fixture, subject: 'alice' },
    { ...fixture, action: { name: 123 } },
    [],
    'fixture',
    null,
  ]
  for (const body of wrong) {
    const answer = await pep.ask('evaluation', body)
    assert.equal(answer.status, 400, JSON.stringify(body))
    assert.equal(typeof answer.body, 'string')
  }
  const texts: [string, string][] = [
    ['{"subject"', 'application/json'],
    ['', 'application/json'],
    [JSON.stringify(fixture), 'text/plain'],
    [JSON.stringify(fixture), 'application/x-www-form-urlencoded'],
  ]
  for (const [text, type] of texts) {
    const answer = await pep.send('evaluation', text, { 'content-type': type, 'x-request-id': 'mine' })
    assert.deepEqual([answer.status, answer.headers.get('x-request-id')], [400, 'mine'], `${type}: ${text}`)
  }
  const id = 'bfe9eb29-ab87-4ca3-be83-a1d5d8305716'
  assert.equal((await pep.ask('evaluation', fixture, { 'x-request-id': id })).headers.get('x-request-id'), id)
  assert.match((await pep.ask('evaluation', fixture)).headers.get('x-request-id') ?? '', /^req_/)
})

withPep('Basic Properties: properties of subject, resource and action are evaluated', async (pep) => {
  assert.equal(await decisionOf(pep, { subject: alice, action: write, resource: archived2 }), false)
  assert.equal(await decisionOf(pep, { subject: admin, action: write, resource: archived2 }), true)
  assert.equal(await decisionOf(pep, { ...fixture, action: remove(true) }), true)
  assert.equal(await decisionOf(pep, { ...fixture, action: remove(false) }), false)
})

const decisionsOf = async (pep: Pep, request: unknown): Promise<readonly boolean[]> => {
  const { status, body } = await pep.ask('evaluations', request)
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(body.decision, undefined)
  return body.evaluations.map(({ decision }: { decision: boolean }) => decision)
}

withPep(
  'Batch Core and Properties: defaults, overrides as a whole, order, and one bad item among good ones',
  async (pep) => {
    const reads = { subject: alice, action: read, evaluations: [{ resource: record1 }, { resource: record2 }] }
    assert.deepEqual(await decisionsOf(pep, reads), [true, true])
    const bobs = { subject: bob, resource: record1, evaluations: [{ action: read }, { action: write }] }
    assert.deepEqual(await decisionsOf(pep, bobs), [true, false])
    const whole = { evaluations: [fixture, { subject: bob, action: write, resource: record1 }] }
    assert.deepEqual(await decisionsOf(pep, whole), [true, false])
    const overridden = { resource: record2, context: { ...context, source: 'batch-override' } }
    const inherited = { ...reads, context, evaluations: [{ resource: record1 }, overridden] }
    assert.equal((await decisionsOf(pep, inherited)).length, 2)
    const statuses = { subject: alice, action: write, evaluations: [{ resource: active1 }, { resource: archived2 }] }
    assert.deepEqual(await decisionsOf(pep, statuses), [true, false])
    const roles = { action: write, resource: archived2, evaluations: [{ subject: alice }, { subject: admin }] }
    assert.deepEqual(await decisionsOf(pep, roles), [false, true])
    const defaults = { subject: alice, action: write, resource: active1, evaluations: [{}, { resource: archived2 }] }
    assert.deepEqual(await decisionsOf(pep, defaults), [true, false])
    const options = { evaluations_semantic: 'execute_all' }
    const partly = { subject: alice, action: read, options, evaluations: [{ resource: record1 }, {}] }
    assert.deepEqual(await decisionsOf(pep, partly), [true, false])
    for (const evaluations of [undefined, []]) {
      const answer = await pep.ask('evaluations', { ...fixture, evaluations })
      assert.deepEqual([answer.status, answer.body.decision, answer.body.evaluations], [200, true, undefined])
    }
    assert.equal((await pep.ask('evaluations', { ...reads, subject: 'alice' })).status, 400)
  },
)

withPep('Batch: deny_on_first_deny and permit_on_first_permit answer no further, in order', async (pep) => {
  const items = [{ action: read }, { action: write }, { action: read }]
  const asked = (evaluations_semantic: string, evaluations: unknown[]) =>
    decisionsOf(pep, { subject: bob, resource: record1, options: { evaluations_semantic }, evaluations })
  assert.deepEqual(await asked('execute_all', items), [true, false, true])
  assert.deepEqual(await asked('deny_on_first_deny', items), [true, false])
  assert.deepEqual(await asked('deny_on_first_deny', [{ action: read }, {}, { action: read }]), [true, false])
  assert.deepEqual(await asked('permit_on_first_permit', items), [true])
  assert.deepEqual(await asked('permit_on_first_permit', [{ action: write }, {}, ...items]), [false, false, true])
  const unheard = { ...fixture, evaluations: items, options: { evaluations_semantic: 'whatever' } }
  assert.equal((await pep.ask('evaluations', unheard)).status, 400)
})

const resultsOf = async (pep: Pep, by: string, request: unknown): Promise<readonly string[]> => {
  const { status, body } = await pep.ask(`search/${by}`, request)
  assert.equal(status, 200, JSON.stringify(body))
  return body.results.map((one: { id?: string; name?: string; type?: string }) => {
    if (by !== 'action') assert.equal(one.type, by === 'subject' ? 'user' : 'record')
    return one.id ?? one.name
  })
}

withPep('Search Core and Properties: subjects, resources and actions that would be permitted', async (pep) => {
  const who = { subject: { type: 'user' }, action: read, resource: record1 }
  assert.deepEqual(await resultsOf(pep, 'subject', who), ['alice', 'bob'])
  assert.deepEqual(await resultsOf(pep, 'subject', { ...who, context }), ['alice', 'bob'])
  assert.deepEqual(await resultsOf(pep, 'subject', { ...who, subject: alice }), ['alice', 'bob'])
  assert.deepEqual(await resultsOf(pep, 'subject', { ...who, action: write, resource: archived2 }), ['bob'])
  const what = { subject: alice, action: read, resource: { type: 'record' } }
  assert.deepEqual(await resultsOf(pep, 'resource', what), ['record-1', 'record-2'])
  assert.deepEqual(await resultsOf(pep, 'resource', { ...what, context }), ['record-1', 'record-2'])
  assert.deepEqual(await resultsOf(pep, 'resource', { ...what, resource: record1 }), ['record-1', 'record-2'])
  assert.deepEqual(await resultsOf(pep, 'resource', { ...what, subject: admin, action: write }), ['record-2'])
  const how = { subject: alice, resource: record1 }
  assert.deepEqual(await resultsOf(pep, 'action', how), ['read', 'write'])
  assert.deepEqual(await resultsOf(pep, 'action', { ...how, context }), ['read', 'write'])
  assert.deepEqual(await resultsOf(pep, 'action', { subject: admin, resource: archived2 }), ['read', 'write'])
})

withPep('Search Core: pages, nothing found, and what is missing', async (pep) => {
  const who = { subject: { type: 'user' }, action: read, resource: record1 }
  const first = await pep.ask('search/subject', { ...who, page: { limit: 1 } })
  assert.deepEqual(first.body.results, [alice])
  const token = first.body.page.next_token
  assert.ok(token.length > 0)
  const second = await pep.ask('search/subject', { ...who, page: { limit: 1, token } })
  assert.deepEqual([second.body.results, second.body.page.next_token], [[bob], ''])
  const changed = await pep.ask('search/subject', { ...who, action: write, page: { limit: 1, token } })
  assert.equal(changed.status, 400)
  const stranger = { type: 'user', id: 'nonexistent-user' }
  assert.deepEqual(await resultsOf(pep, 'action', { subject: stranger, resource: record1 }), [])
  assert.deepEqual(await resultsOf(pep, 'resource', { ...who, subject: stranger, resource: { type: 'record' } }), [])
  for (const [by, request] of [
    ['subject', { ...who, subject: { type: 'spaceship' } }],
    ['resource', { subject: alice, action: read, resource: { type: 'spaceship' } }],
    ['action', { subject: alice, resource: { type: 'spaceship', id: '1' } }],
    ['action', { subject: { type: 'spaceship', id: '1' }, resource: record1 }],
  ] as const)
    assert.deepEqual(await resultsOf(pep, by, request), [])
  for (const [by, request] of [
    ['subject', { subject: { type: 'user' }, resource: record1 }],
    ['resource', { action: read, resource: { type: 'record' } }],
    ['action', { subject: alice }],
    ['subject', { ...who, resource: { type: 'record' } }],
    ['resource', { ...who, resource: { type: 'record' } }],
    ['action', { subject: { type: 'user' }, resource: record1 }],
  ] as const)
    assert.equal((await pep.ask(`search/${by}`, request)).status, 400, JSON.stringify(request))
})

withPep(
  'Discovery: the document names every endpoint, and its signed form verifies and says the same',
  async (_, url) => {
    const response = await fetch(`${url}/.well-known/authzen-configuration`)
    assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/json'])
    const { signed_metadata: signed, ...plain } = JSON.parse(await response.text())
    assert.deepEqual(plain, {
      policy_decision_point: url,
      access_evaluation_endpoint: `${url}/access/v1/evaluation`,
      access_evaluations_endpoint: `${url}/access/v1/evaluations`,
      search_subject_endpoint: `${url}/access/v1/search/subject`,
      search_resource_endpoint: `${url}/access/v1/search/resource`,
      search_action_endpoint: `${url}/access/v1/search/action`,
    })
    const keys = createLocalJWKSet(JSON.parse(await (await fetch(`${url}/.well-known/jwks.json`)).text()))
    const { payload } = await jwtVerify(signed, keys, { issuer: url, typ: 'JWT' })
    const { iss, iat, exp, ...claims } = payload
    assert.deepEqual([iss, Number(exp) > Number(iat), claims], [url, true, plain])
  },
)

onEveryServer('the certification scenario is met at every level', async ({ server, admin: person }, t) => {
  const { inventory, broker } = person.client(server)
  const { team } = await setUpWorkload(server, person)
  const asker = await inventory.identity.create(identityInput('records-app', team))
  const { secret } = await broker.credential.add({ identity: asker.id, kind: 'client-secret' })
  await applyRecords(server, person, (input) => {
    input.applications[0].askedBy = ['records-app']
    return input
  })
  const pep = createPep(server.url, await ownToken(server, { id: asker.id, secret: secret ?? '' }))
  for (const { name, body } of cases) await t.test(name, () => body(pep, server.url))
})
