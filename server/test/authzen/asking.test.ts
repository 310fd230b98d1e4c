import assert from 'node:assert/strict'
import { type Admin, onEveryServer, type RunningServer } from '../process.ts'
import { identityInput, setUpWorkload, type Workload } from '../workload.ts'
import { applyRecords, createPep, ownToken, type PdpAnswer, type Pep } from './pep.ts'

// What goes beyond the certification scenario: who may ask, about what, on which facts, and what is recorded of it.

interface Cast {
  readonly server: RunningServer
  readonly admin: Admin
  readonly workload: Workload
  /** The identity that the application lists. */
  readonly app: Pep
  /** One that serves nothing. */
  readonly stranger: Pep
  readonly person: Pep
}

const cases: { name: string; body: (cast: Cast) => Promise<void> }[] = []
const withCast = (name: string, body: (cast: Cast) => Promise<void>): void => void cases.push({ name, body })

const read = { name: 'read' }
const alice = { type: 'user', id: 'alice' }
const bob = { type: 'user', id: 'bob' }
const record1 = { type: 'record', id: 'record-1' }
const record2 = { type: 'record', id: 'record-2' }
const fixture = { subject: alice, action: read, resource: record1 }

withCast('nobody asks without a proof, and the refusal says so and is recorded', async ({ server, admin }) => {
  const nobody = createPep(server.url, undefined)
  for (const [path, body] of [
    ['evaluation', fixture],
    ['evaluations', { evaluations: [fixture] }],
    ['search/subject', fixture],
  ] as const) {
    const answer = await nobody.ask(path, body, { 'x-request-id': 'mine' })
    assert.equal(answer.status, 401)
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/)
    assert.match(answer.body, /\(unauthenticated, req_/)
    assert.equal(answer.headers.get('x-request-id'), 'mine')
  }
  assert.equal((await createPep(server.url, 'reeve_ps_wrong').ask('evaluation', fixture)).status, 401)
  const found = await admin.client(server).observe.event.search({ outcome: 'refused' })
  const kinds = found.items.map(({ kind, code }) => `${kind} ${code}`)
  assert.ok(kinds.includes('policy.decision.evaluate unauthenticated'), kinds.join())
  assert.ok(kinds.includes('policy.decision.search unauthenticated'), kinds.join())
})

withCast('of two programs that ask with one token, each is recorded as itself', async ({ app, server, admin }) => {
  const programs = ['gate/1', 'gate/2', 'gate/1', 'gate/2']
  const told = new Map<string, string>()
  for (const program of programs) {
    const { status, body } = await app.ask('evaluation', fixture, { 'user-agent': program })
    assert.equal(status, 200)
    told.set(String(body.context?.id).split('.')[0] ?? '', program)
  }
  const { items } = await admin.client(server).observe.event.search({ kind: 'policy.decision.evaluate' })
  const seen = items.flatMap(({ evidence, source }) => {
    const program = told.get(String(evidence.decisionPage))
    return program === undefined ? [] : [[program, source.userAgent]]
  })
  assert.equal(seen.length, programs.length)
  for (const [asked, recorded] of seen) assert.equal(recorded, asked)
})

withCast('a plain request and one that is not are answered and recorded alike', async ({ app, server, admin }) => {
  const odd = { 'content-type': 'application/json; charset=utf-8' }
  const shape = ({ status, headers, body }: PdpAnswer) => {
    const text = JSON.stringify(body).replaceAll(/(dec|req)_[\w-]{22}(\.\d+)?/g, '$1_')
    return [status, [...headers.keys()].sort(), headers.get('content-type'), text]
  }
  const denied = { ...fixture, subject: { type: 'user', id: 'nobody' } }
  for (const [path, body] of [
    ['evaluation', fixture],
    ['evaluation', denied],
    ['evaluation', { ...fixture, subject: 7 }],
    ['evaluations', { evaluations: [fixture, denied, {}, { ...fixture, resource: undefined }], resource: record1 }],
    ['evaluations', { ...fixture, evaluations: [] }],
    ['evaluations', { evaluations: [{}] }],
  ] as const) {
    const [plain, other] = [await app.ask(path, body), await app.ask(path, body, odd)]
    assert.deepEqual(shape(plain), shape(other), JSON.stringify(body))
    const named = await app.ask(path, body, { 'x-request-id': 'mine' })
    assert.equal(named.headers.get('x-request-id'), 'mine')
    const { id } = plain.body.context ?? {}
    if (id === undefined) continue
    const shown = await admin.client(server).policy.decision.show({ decision: id })
    assert.equal(shown.outcome, plain.body.decision ? 'allow' : 'deny')
  }
})

withCast(
  'what an identity may not ask about is to it as if it were not there',
  async ({ stranger, app, person, workload }) => {
    assert.equal((await app.ask('evaluation', fixture)).body.decision, true)
    assert.equal((await person.ask('evaluation', fixture)).body.decision, true)
    const shown = async (resource: object) => {
      const { status, body } = await stranger.ask('evaluation', { ...fixture, resource })
      const { id, reason_user: _, ...context } = body.context
      assert.match(id, /^dec_/)
      return JSON.stringify([status, body.decision, context])
    }
    const nowhere = await shown({ type: 'record', id: 'nothing' })
    assert.equal(await shown(record1), nowhere)
    assert.equal(await shown({ type: 'record', id: 'record-1', properties: { status: 7 } }), nowhere)
    assert.equal(await shown({ type: 'spaceship', id: '1' }), nowhere)
    assert.equal(await shown({ type: 'resource', id: workload.audience }), nowhere)
    const searched = await stranger.ask('search/subject', { ...fixture, subject: { type: 'user' } })
    assert.deepEqual([searched.status, searched.body.results], [200, []])
  },
)

withCast(
  'registered identities and resources are asked about by name, id or uri, by what serves them',
  async (cast) => {
    const { workload, server, admin, stranger } = cast
    const api = createPep(server.url, await ownToken(server, workload.api))
    const resource = (await admin.client(server).policy.resource.show({ resource: 'orders-resource' })).id
    for (const id of ['orders-resource', resource, workload.audience])
      for (const subject of [workload.id, workload.name]) {
        const asked = { subject: { type: 'identity', id: subject }, action: { name: 'orders.read' } }
        const { body } = await api.ask('evaluation', { ...asked, resource: { type: 'resource', id } })
        assert.equal(body.decision, true, JSON.stringify(body))
        const other = { ...asked, action: { name: 'orders.burn' }, resource: { type: 'resource', id } }
        assert.equal((await api.ask('evaluation', other)).body.decision, false)
      }
    const on = { type: 'resource', id: 'orders-resource' }
    const who = await api.ask('search/subject', {
      subject: { type: 'identity' },
      action: { name: 'orders.read' },
      resource: on,
    })
    assert.deepEqual(who.body.results, [{ type: 'identity', id: workload.id }])
    const subject = { type: 'identity', id: workload.name }
    const how = await api.ask('search/action', { subject, resource: on })
    assert.deepEqual(how.body.results, [{ name: 'orders.read' }])
    // Anybody may ask about itself.
    const self = createPep(server.url, await ownToken(server, { id: workload.id, secret: workload.secret }))
    const what = await self.ask('search/resource', {
      subject,
      action: { name: 'orders.read' },
      resource: { type: 'resource' },
    })
    assert.deepEqual(what.body.results, [{ type: 'resource', id: resource }])
    const ofOther = await stranger.ask('search/resource', {
      subject,
      action: { name: 'orders.read' },
      resource: { type: 'resource' },
    })
    assert.deepEqual(ofOther.body.results, [])
  },
)

withCast(
  'every decision has an id by which it is explained and decided again as it was',
  async ({ app, server, admin }) => {
    const client = admin.client(server)
    const { body } = await app.ask('evaluations', {
      evaluations: [
        fixture,
        { ...fixture, subject: bob, action: { name: 'write' } },
        { ...fixture, action: { name: 'delete', properties: { soft: true } } },
      ],
    })
    const ids = body.evaluations.map(({ context }: { context: { id: string } }) => context.id)
    assert.equal(new Set(ids).size, 3)
    const shown = await Promise.all(ids.map((decision: string) => client.policy.decision.show({ decision })))
    assert.deepEqual(
      shown.map(({ outcome, enforced, kind }) => [outcome, enforced, kind]),
      [
        ['allow', true, 'policy.decision.evaluate'],
        ['deny', true, 'policy.decision.evaluate'],
        ['allow', true, 'policy.decision.evaluate'],
      ],
    )
    assert.deepEqual(
      shown[0].policies.map(({ id }: { id: string }) => id),
      ['records-readers'],
    )
    assert.match(shown[1].because.join(), /records-archivist would permit it/)
    for (const decision of ids) {
      const again = await client.policy.decision.replay({ decision })
      assert.equal(again.flipped, false, JSON.stringify(again))
    }
    const why = await client.observe.why.show({ id: ids[1] })
    assert.match(why.summary, /refused/)
  },
)

// P6: 30 spellings of facts that only the server knows. The policies below would permit or forbid by them.
const FACTS = ['now', 'weekday', 'sourceIp', 'sourceRegion', 'credentialKind', 'instance', 'environment', 'isParty']
const SPELLINGS: readonly (readonly [string, object])[] = [
  ...FACTS.map((name) => [`context.${name}`, { context: { [name]: 'stated' } }] as const),
  ...FACTS.map((name) => [`context.context.${name}`, { context: { context: { [name]: 'stated' } } }] as const),
  ['context.request', { context: { request: { soft: true } } }],
  ['context.request.action', { context: { request: { action: { soft: true } } } }],
  ['context.SOFT', { context: { SOFT: true } }],
  ['context.Soft', { context: { Soft: true } }],
  ['context.soft as text', { context: { 'soft ': true } }],
  ['context["\\u0073oft\\u200b"]', { context: { 'soft\u200b': true } }],
  ['top-level soft', { soft: true }],
  ['top-level request', { request: { soft: true } }],
  ['subject.soft', { subject: { ...alice, soft: true } }],
  ['subject.properties.soft', { subject: { ...alice, properties: { soft: true } } }],
  ['resource.properties.soft', { resource: { ...record1, properties: { soft: true } } }],
  ['action.soft', { action: { name: 'delete', soft: true } }],
  ['action.properties.request', { action: { name: 'delete', properties: { request: { soft: true } } } }],
  ['action.properties.context', { action: { name: 'delete', properties: { context: { request: { soft: true } } } } }],
]

withCast('P6: no spelling of a caller overrides a fact, and only what is declared adds to them', async ({ app }) => {
  assert.equal(SPELLINGS.length, 30)
  const hard = { subject: alice, action: { name: 'delete' }, resource: record1 }
  for (const [spelling, stated] of SPELLINGS) {
    const { status, body } = await app.ask('evaluation', { ...hard, ...stated })
    assert.deepEqual([status, body.decision], [200, false], `${spelling}: ${JSON.stringify(body)}`)
  }
  const declared = await app.ask('evaluation', { ...hard, context: { soft: true } })
  assert.equal(declared.body.decision, true)
  // What the register says of a thing stands, whatever is stated of it.
  const disguised = {
    subject: bob,
    action: { name: 'write' },
    resource: { ...record1, properties: { status: 'archived' } },
  }
  assert.equal((await app.ask('evaluation', disguised)).body.decision, false)
  const humbled = { ...disguised, subject: { ...bob, properties: { role: 'none' } }, resource: record2 }
  assert.equal((await app.ask('evaluation', humbled)).body.decision, true)
  const risen = { subject: { ...alice, properties: { role: 'admin' } }, action: { name: 'write' }, resource: record2 }
  assert.equal((await app.ask('evaluation', risen)).body.decision, true)
  const both = { ...hard, action: { name: 'delete', properties: { soft: true } }, context: { soft: false } }
  assert.equal((await app.ask('evaluation', both)).status, 400)
  const untyped = { ...hard, context: { soft: 'true' } }
  assert.equal((await app.ask('evaluation', untyped)).status, 400)
})

withCast('a policy may oblige, ask for a step-up, and say why in its own words', async ({ app, server, admin }) => {
  const text = `
@id("records-mask") @obligation("mask:name")
permit (principal == records::user::"alice", action == records::Action::"read", resource == records::record::"record-2");
@id("records-step-up") @stepup("urn:acr:mfa") @stepup_amr("mfa hwk") @stepup_max_age("300")
@reason_user("sign in again with your key") @reason_admin("record-2 needs a strong sign-in")
forbid (principal == records::user::"bob", action == records::Action::"read", resource == records::record::"record-2");`
  await admin.client(server).policy.set.change({ put: [{ name: 'more', file: 'policies/more.cedar', text }] })
  const masked = await app.ask('evaluation', { ...fixture, resource: record2 })
  assert.deepEqual(masked.body, {
    decision: true,
    context: { id: masked.body.context.id, obligations: [{ id: 'mask:name', policy: 'records-mask' }] },
  })
  const stepped = await app.ask('evaluation', { ...fixture, subject: bob, resource: record2 })
  assert.deepEqual(stepped.body, {
    decision: false,
    context: {
      id: stepped.body.context.id,
      reason_admin: { 403: 'record-2 needs a strong sign-in' },
      reason_user: { 403: 'sign in again with your key' },
      obligations: [
        {
          id: 'step-up',
          policy: 'records-step-up',
          acr_values: 'urn:acr:mfa',
          amr_values: 'mfa hwk',
          max_age: 300,
        },
      ],
      acr_values: 'urn:acr:mfa',
      amr_values: 'mfa hwk',
    },
  })
})

withCast('what is stopped is not permitted any more, and its own token asks no longer', async (cast) => {
  const { server, admin, workload } = cast
  const api = createPep(server.url, await ownToken(server, workload.api))
  const asked = {
    subject: { type: 'identity', id: workload.name },
    action: { name: 'orders.read' },
    resource: { type: 'resource', id: 'orders-resource' },
  }
  assert.equal((await api.ask('evaluation', asked)).body.decision, true)
  await admin.client(server).inventory.identity.quarantine({ identity: workload.id, reason: 'a test' })
  const stopped = await api.ask('evaluation', asked)
  assert.equal(stopped.body.decision, false)
  assert.match(stopped.body.context.reason_admin[403], /reeve:not-active/)
  await admin.client(server).inventory.identity.quarantine({ identity: workload.api.id, reason: 'a test' })
  assert.equal((await api.ask('evaluation', asked)).status, 401)
})

onEveryServer('the Authorization API beyond the certification', async ({ server, admin }, t) => {
  const { inventory, broker } = admin.client(server)
  const workload = await setUpWorkload(server, admin)
  const pepOf = async (name: string): Promise<Pep> => {
    const { id } = await inventory.identity.create(identityInput(name, workload.team))
    const { secret } = await broker.credential.add({ identity: id, kind: 'client-secret' })
    return createPep(server.url, await ownToken(server, { id, secret: secret ?? '' }))
  }
  const [app, stranger] = [await pepOf('records-app'), await pepOf('stranger')]
  await applyRecords(server, admin, (input) => {
    input.applications[0].askedBy = ['records-app']
    return input
  })
  const cast = { server, admin, workload, app, stranger, person: createPep(server.url, admin.token) }
  for (const { name, body } of cases) await t.test(name, () => body(cast))
})
