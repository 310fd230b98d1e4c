import assert from 'node:assert/strict'
import { onEveryServer } from '../process.ts'
import { setUpWorkload } from '../workload.ts'
import { CAEP_EVENT, openEndpoint, quarantine, receiverOf, SSF_EVENT, type Told } from './receiver.ts'

// Shared Signals Framework 1.0, CAEP 1.0, RFC 8417, RFC 8935, RFC 8936, RFC 9493: the whole way, over real sockets. What
// arrives is verified by `jose`.

const PRIVATE = { REEVE_OUTBOUND_PRIVATE: '127.0.0.0/8' }
const POLL = 'urn:ietf:rfc:8936'
const PUSH = 'urn:ietf:rfc:8935'

const eventOf = (told: Told | undefined, name: string) => told?.events[`${CAEP_EVENT}${name}`]

onEveryServer(
  'SSF §7: the configuration names every endpoint, as what this server calls itself',
  async ({ server }) => {
    const response = await fetch(`${server.url}/.well-known/ssf-configuration`)
    assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
    const at = (path: string) => server.url + path
    assert.deepEqual(await response.json(), {
      spec_version: '1_0',
      issuer: server.url,
      jwks_uri: at('/.well-known/jwks.json'),
      delivery_methods_supported: [PUSH, POLL],
      configuration_endpoint: at('/ssf/streams'),
      status_endpoint: at('/ssf/status'),
      add_subject_endpoint: at('/ssf/subjects/add'),
      remove_subject_endpoint: at('/ssf/subjects/remove'),
      verification_endpoint: at('/ssf/verify'),
      critical_subject_members: ['user', 'session', 'device', 'group'],
      authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }, { spec_urn: 'urn:ietf:rfc:9449' }],
      default_subjects: 'ALL',
    })
    assert.equal((await fetch(`${server.url}/.well-known/ssf-configuration/other`)).status, 404)
  },
)

onEveryServer(
  'SSF §8.1: a receiver creates, reads, changes, replaces and deletes a stream, and moves its status',
  async ({ server, admin }) => {
    const receiver = await receiverOf(server, await setUpWorkload(server, admin))
    assert.deepEqual((await receiver.ask('GET', '/ssf/streams')).body, [])
    const { status, body: made } = await receiver.create(undefined, {
      events_requested: [`${CAEP_EVENT}session-revoked`, 'urn:example:unknown'],
      description: 'of the orders API',
    })
    assert.equal(status, 201)
    const stream = made.stream_id
    assert.deepEqual(made, {
      stream_id: stream,
      iss: server.url,
      aud: receiver.id,
      delivery: { method: POLL, endpoint_url: `${server.url}/ssf/poll/${stream}` },
      events_supported: ['session-revoked', 'credential-change', 'token-claims-change'].map(
        (each) => CAEP_EVENT + each,
      ),
      events_requested: [`${CAEP_EVENT}session-revoked`, 'urn:example:unknown'],
      events_delivered: [`${CAEP_EVENT}session-revoked`],
      min_verification_interval: 60,
      description: 'of the orders API',
    })
    assert.deepEqual((await receiver.ask('GET', `/ssf/streams?stream_id=${stream}`)).body, made)
    assert.deepEqual((await receiver.ask('GET', '/ssf/streams')).body, [made])

    const push = {
      method: PUSH,
      endpoint_url: 'https://receiver.example.com/events',
      authorization_header: 'Bearer s3cret',
    }
    const patched = await receiver.ask('PATCH', '/ssf/streams', { stream_id: stream, iss: server.url, delivery: push })
    assert.deepEqual(patched, {
      status: 200,
      body: { ...made, delivery: { method: PUSH, endpoint_url: push.endpoint_url } },
    })
    for (const wrong of [{ iss: 'https://other.example' }, { aud: 'other' }, { events_delivered: [] }])
      assert.equal((await receiver.ask('PATCH', '/ssf/streams', { stream_id: stream, ...wrong })).status, 400)
    const replaced = await receiver.ask('PUT', '/ssf/streams', { stream_id: stream, description: 'new' })
    assert.deepEqual(
      [replaced.body.delivery.method, replaced.body.events_delivered.length, replaced.body.description],
      [POLL, 3, 'new'],
    )

    const paused = await receiver.ask('POST', '/ssf/status', { stream_id: stream, status: 'paused', reason: 'moving' })
    assert.deepEqual(paused, { status: 200, body: { stream_id: stream, status: 'paused', reason: 'moving' } })
    assert.deepEqual((await receiver.ask('GET', `/ssf/status?stream_id=${stream}`)).body, paused.body)
    assert.deepEqual(await receiver.ask('DELETE', `/ssf/streams?stream_id=${stream}`), { status: 204, body: undefined })
    assert.equal((await receiver.ask('GET', `/ssf/status?stream_id=${stream}`)).status, 404)
  },
)

onEveryServer(
  'RFC 8936: what is stopped is polled as a signed SET, comes again under its jti until it is taken, and then no more',
  async ({ server, admin }) => {
    const workload = await setUpWorkload(server, admin)
    const receiver = await receiverOf(server, workload)
    const stream = (await receiver.create()).body.stream_id
    assert.deepEqual(await receiver.poll(stream), [])
    const seq = await quarantine(admin, server, workload.id)
    const [told, ...others] = await receiver.poll(stream)
    assert.deepEqual(others, [])
    const event = eventOf(told, 'session-revoked')
    assert.deepEqual(told, {
      iss: server.url,
      aud: receiver.id,
      jti: `${stream}.${seq}s`,
      iat: event.event_timestamp,
      txn: `revocation-${seq}`,
      sub_id: { format: 'iss_sub', iss: server.url, sub: workload.id },
      events: {
        [`${CAEP_EVENT}session-revoked`]: {
          event_timestamp: event.event_timestamp,
          initiating_entity: 'admin',
          reason_admin: { en: 'identity quarantined' },
          reeve: { seq, scope: 'identity', verb: 'quarantine', until: null, target: event.reeve.target },
        },
      },
    })
    assert.deepEqual(await receiver.poll(stream), [told], 'it was not taken')
    assert.deepEqual(await receiver.poll(stream, { ack: [`${stream}.${seq}s`] }), [])
    assert.deepEqual(await receiver.poll(stream), [])

    await admin.client(server).inventory.identity.release({ identity: workload.id, reason: 'it is well' })
    const [released] = await receiver.poll(stream)
    assert.deepEqual(eventOf(released, 'token-claims-change')?.claims, { active: true })
    const setErrs = { [String(released?.jti)]: { err: 'invalid_request', description: 'not understood' } }
    assert.deepEqual(await receiver.poll(stream, { setErrs }), [], '§2.4: an error is an answer')
    const { items } = await admin.client(server).observe.finding.list({ rule: 'stream-event-refused' })
    assert.equal(items[0]?.identity, receiver.id)
  },
)

onEveryServer(
  'CAEP §3: each scope is told as the subject that its tokens name, and a credential as a change of it, too',
  async ({ server, admin }) => {
    const workload = await setUpWorkload(server, admin)
    const { broker, inventory } = admin.client(server)
    const reason = 'a test stops it'
    // The receiver is another team's, so that it is not stopped with the first one.
    const { team: other } = await setUpWorkload(server, admin, 'invoices')
    await inventory.identity.change({ identity: workload.api.id, owner: other })
    const receiver = await receiverOf(server, workload)
    const stream = (await receiver.create()).body.stream_id
    const expiresAt = new Date(Date.now() + 600_000).toISOString()
    await broker.token.quarantine({ jti: 'jti-1', expiresAt, reason })
    await broker.instance.quarantine({ identity: workload.id, instance: 'pod/7', reason })
    await broker.credential.revoke({ credential: workload.keyCredential, reason })
    await inventory.owner.quarantine({ owner: workload.team, reason })
    const told = await receiver.poll(stream)
    const user = { format: 'iss_sub', iss: server.url, sub: workload.id }
    const opaque = (id: string) => ({ format: 'opaque', id })
    assert.deepEqual(
      told.map(({ sub_id, events }) => [Object.keys(events)[0]?.replace(CAEP_EVENT, ''), sub_id]).slice(0, 4),
      [
        ['session-revoked', { format: 'jwt_id', iss: server.url, jti: 'jti-1' }],
        ['session-revoked', { format: 'complex', user, device: opaque('pod/7') }],
        ['session-revoked', { format: 'complex', user, session: opaque(workload.keyCredential) }],
        ['credential-change', user],
      ],
    )
    const change = eventOf(told[3], 'credential-change')
    assert.deepEqual([change?.change_type, change?.friendly_name], ['revoke', workload.keyCredential])
    assert.equal(told[2]?.txn, told[3]?.txn, 'one cause')
    const group = told.find(({ sub_id }) => sub_id.format === 'complex' && sub_id.user === undefined)
    assert.deepEqual(group?.sub_id, { format: 'complex', group: opaque(workload.team) })
  },
)

onEveryServer(
  'a receiver hears of those that reach what it serves, not of others, and of nobody that it left out',
  async ({ server, admin }) => {
    const workload = await setUpWorkload(server, admin)
    const other = await setUpWorkload(server, admin, 'invoices')
    const receiver = await receiverOf(server, workload)
    const stream = (await receiver.create()).body.stream_id
    await quarantine(admin, server, other.id)
    assert.deepEqual(await receiver.poll(stream), [])
    const subject = { format: 'iss_sub', iss: server.url, sub: workload.id }
    const leave = { stream_id: stream, subject: { format: 'complex', user: subject } }
    assert.deepEqual(await receiver.ask('POST', '/ssf/subjects/remove', leave), { status: 204, body: undefined })
    await quarantine(admin, server, workload.id)
    assert.deepEqual(await receiver.poll(stream), [])
    await admin.client(server).inventory.identity.release({ identity: workload.id, reason: 'again' })
    assert.equal((await receiver.ask('POST', '/ssf/subjects/add', { stream_id: stream, subject })).status, 200)
    for (const nobody of [
      { ...subject, sub: 'nhi_nobody' },
      { format: 'email', email: 'a@example.com' },
    ])
      assert.equal(
        (await receiver.ask('POST', '/ssf/subjects/add', { stream_id: stream, subject: nobody })).status,
        200,
      )
    await quarantine(admin, server, workload.id)
    assert.ok((await receiver.poll(stream)).some(({ sub_id }) => sub_id.sub === workload.id))
  },
)

onEveryServer(
  'what is retired is told to those that it could reach until then: its grants end with it',
  async ({ server, admin }) => {
    const workload = await setUpWorkload(server, admin)
    const receiver = await receiverOf(server, workload)
    const stream = (await receiver.create()).body.stream_id
    await admin.client(server).inventory.identity.retire({ identity: workload.id, reason: 'it is over' })
    const told = await receiver.poll(stream, { maxEvents: 50 })
    assert.ok(told.some(({ sub_id }) => sub_id.user?.sub === workload.id && sub_id.session !== undefined))
  },
)

onEveryServer(
  'RFC 8935: a stream is pushed to its endpoint with its header, in order, and everything in force comes first',
  async ({ server, admin }) => {
    const workload = await setUpWorkload(server, admin)
    const receiver = await receiverOf(server, workload)
    const before = await quarantine(admin, server, workload.id)
    const endpoint = await openEndpoint()
    try {
      const push = { method: PUSH, endpoint_url: endpoint.url, authorization_header: 'Bearer of the receiver' }
      const { body } = await receiver.create(push)
      await endpoint.until(1)
      await receiver.ask('POST', '/ssf/verify', { stream_id: body.stream_id, state: 'seen?' })
      await endpoint.until(2)
      await admin.client(server).inventory.identity.release({ identity: workload.id, reason: 'it is well' })
      await endpoint.until(3)
      const { headers } = endpoint.got[0] ?? {}
      assert.deepEqual(
        [headers?.['content-type'], headers?.accept, headers?.authorization],
        ['application/secevent+jwt', 'application/json', 'Bearer of the receiver'],
      )
      const told = await Promise.all(endpoint.got.map(({ body: set }) => receiver.verify(set)))
      assert.deepEqual(
        told.map(({ jti }) => jti?.replace(/set_.*/, 'own')),
        [`${body.stream_id}.${before}s`, `${body.stream_id}.own`, `${body.stream_id}.${before + 1}t`],
      )
      assert.deepEqual(told[1]?.events, { [`${SSF_EVENT}verification`]: { state: 'seen?' } })
      assert.deepEqual(told[1]?.sub_id, { format: 'opaque', id: body.stream_id })
    } finally {
      endpoint.close()
    }
  },
  PRIVATE,
)

onEveryServer(
  'SSF §8.1.5: a receiver is told when somebody else stops its stream, what was held comes after, and then all in force',
  async ({ server, admin }) => {
    const workload = await setUpWorkload(server, admin)
    const receiver = await receiverOf(server, workload)
    const stream = (await receiver.create()).body.stream_id
    const { broker, inventory } = admin.client(server)
    const updated = async (body = {}) =>
      (await receiver.poll(stream, body)).map(({ jti, events }) => [jti, events[`${SSF_EVENT}stream-updated`]])
    await broker.stream.change({ stream, status: 'paused', reason: 'it costs too much' })
    await quarantine(admin, server, workload.id)
    const [[jti, event] = []] = await updated()
    assert.deepEqual(event, { status: 'paused', reason: 'it costs too much' })
    assert.deepEqual(await updated({ ack: [jti] }), [], 'nothing else while it is paused')
    await broker.stream.change({ stream, status: 'enabled' })
    assert.equal((await receiver.poll(stream)).length, 2, 'that it goes on, and what was held')

    await receiver.ask('POST', '/ssf/status', { stream_id: stream, status: 'disabled' })
    await inventory.identity.release({ identity: workload.id, reason: 'it is well' })
    const seq = await quarantine(admin, server, workload.id)
    await receiver.ask('POST', '/ssf/status', { stream_id: stream, status: 'enabled' })
    const told = await receiver.poll(stream)
    assert.deepEqual(told.map((each) => each.jti).at(-1), `${stream}.${seq}s`, 'what is in force')
    assert.ok(!told.some((each) => eventOf(each, 'token-claims-change')), 'and nothing of what was not held')
  },
)
