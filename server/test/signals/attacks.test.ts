import assert from 'node:assert/strict'
import { onEveryServer } from '../process.ts'
import { setUpWorkload } from '../workload.ts'
import { openEndpoint, quarantine, receiverOf } from './receiver.ts'

const PRIVATE = { REEVE_OUTBOUND_PRIVATE: '127.0.0.0/8' }

onEveryServer(
  'the stream of another receiver is answered as one that does not exist, at every endpoint',
  async ({ server, admin }) => {
    const mine = await receiverOf(server, await setUpWorkload(server, admin))
    const theirs = await receiverOf(server, await setUpWorkload(server, admin, 'invoices'))
    const { stream_id: stream } = (await theirs.create()).body
    const absent = `str_${'a'.repeat(stream.length - 4)}`
    const subject = { format: 'iss_sub', iss: server.url, sub: mine.id }
    const asks: ((id: string) => readonly [string, string, unknown?])[] = [
      (id) => ['GET', `/ssf/streams?stream_id=${id}`],
      (id) => ['PATCH', '/ssf/streams', { stream_id: id, description: 'mine' }],
      (id) => ['PATCH', '/ssf/streams', { stream_id: id, iss: server.url }],
      (id) => ['PUT', '/ssf/streams', { stream_id: id }],
      (id) => ['DELETE', `/ssf/streams?stream_id=${id}`],
      (id) => ['GET', `/ssf/status?stream_id=${id}`],
      (id) => ['POST', '/ssf/status', { stream_id: id, status: 'disabled' }],
      (id) => ['POST', '/ssf/subjects/add', { stream_id: id, subject }],
      (id) => ['POST', '/ssf/subjects/remove', { stream_id: id, subject }],
      (id) => ['POST', '/ssf/verify', { stream_id: id }],
      (id) => ['POST', `/ssf/poll/${id}`, { ack: [`${id}.1s`] }],
    ]
    for (const asked of asks) {
      const plain = async (id: string) => {
        const { status, body } = await mine.ask(...asked(id))
        const { instance, ...rest } = body
        return JSON.stringify([status, rest]).replaceAll(id, 'ID')
      }
      const answer = await plain(stream)
      assert.match(answer, /^\[404,/, answer)
      assert.equal(answer, await plain(absent))
    }
    assert.equal((await theirs.ask('GET', `/ssf/status?stream_id=${stream}`)).body.status, 'enabled')
  },
)

onEveryServer('who serves nothing has no streams, and people use the operations', async ({ server, admin }) => {
  const workload = await setUpWorkload(server, admin)
  const { id, secret } = workload
  const nobody = await receiverOf(server, { api: { id, secret } })
  const refused = await nobody.create()
  assert.deepEqual([refused.status, refused.body.code], [403, 'stream_not_for_receiver'])
  const asPerson = await fetch(`${server.url}/ssf/streams`, { headers: { authorization: `Bearer ${admin.token}` } })
  assert.equal(asPerson.status, 403)
  assert.equal((await fetch(`${server.url}/ssf/streams`)).status, 401)
  const stolen = await fetch(`${server.url}/ssf/streams`, { headers: { authorization: 'Bearer made.up.token' } })
  assert.equal(stolen.status, 401)
})

onEveryServer(
  'huge lists, long names and what is no request are refused; a receiver floods nothing with streams',
  async ({ server, admin }) => {
    const receiver = await receiverOf(server, await setUpWorkload(server, admin))
    const { stream_id: stream } = (await receiver.create()).body
    const wrong: readonly unknown[] = [
      { ack: Array.from({ length: 1_001 }, (_, at) => `${stream}.${at}s`) },
      { ack: ['x'.repeat(201)] },
      { ack: 'all' },
      { setErrs: Object.fromEntries(Array.from({ length: 1_001 }, (_, at) => [`x${at}`, { err: 'e' }])) },
      { setErrs: { a: 'no object' } },
      { maxEvents: -1 },
      { maxEvents: 1.5 },
      { returnImmediately: 'yes' },
      [],
      null,
    ]
    for (const body of wrong) {
      const { status } = await receiver.ask('POST', `/ssf/poll/${stream}`, body)
      assert.equal(status, 400, JSON.stringify(body)?.slice(0, 80))
    }
    const ack = Array.from({ length: 1_000 }, (_, at) => `${stream}.${at}s`)
    assert.deepEqual(await receiver.poll(stream, { ack, returnImmediately: true }), [])
    const made = await Promise.all(Array.from({ length: 12 }, () => receiver.create()))
    assert.deepEqual(made.map(({ status }) => status).toSorted(), [...Array(3).fill(201), ...Array(9).fill(409)])
  },
)

onEveryServer(
  'a poll that waits is answered as soon as something comes, and a newer one ends it',
  async ({ server, admin }) => {
    const workload = await setUpWorkload(server, admin)
    const receiver = await receiverOf(server, workload)
    const { stream_id: stream } = (await receiver.create()).body
    const waiting = receiver.poll(stream, { returnImmediately: false })
    // What is none of its business wakes nobody.
    const other = await setUpWorkload(server, admin, 'invoices')
    await quarantine(admin, server, other.id)
    const newer = receiver.poll(stream, { returnImmediately: false })
    const seq = await quarantine(admin, server, workload.id)
    const told = [...(await waiting), ...(await newer)].map(({ jti }) => jti)
    assert.ok(told.length > 0 && told.every((jti) => jti === `${stream}.${seq}s`), JSON.stringify(told))
  },
)

onEveryServer('a receiver that is stopped while its poll waits is told nothing more', async ({ server, admin }) => {
  const workload = await setUpWorkload(server, admin)
  const receiver = await receiverOf(server, workload)
  const { stream_id: stream } = (await receiver.create()).body
  const { broker } = admin.client(server)
  const begun = receiver.ask('POST', `/ssf/poll/${stream}`, {})
  // The poll has looked once, which is on record.
  for (let seen = 0; seen === 0; )
    seen = (await admin.client(server).observe.event.search({ kind: 'broker.stream.poll', limit: 1 })).items.length
  await quarantine(admin, server, receiver.id)
  await broker.stream.change({ stream, status: 'paused' })
  const { status, body } = await begun
  assert.deepEqual([status, body.code], [401, 'token_refused'])
})

onEveryServer(
  'a receiver that never answers, and one that redirects to this server, hold up neither others nor a quarantine',
  async ({ server, admin }, t) => {
    const workload = await setUpWorkload(server, admin)
    const receiver = await receiverOf(server, workload)
    const silent = await openEndpoint()
    silent.answer = () => undefined
    const redirecting = await openEndpoint()
    redirecting.answer = () => ({ status: 308, headers: { location: `${server.url}/ssf/verify` } })
    const good = await openEndpoint()
    try {
      for (const { url } of [silent, redirecting, good])
        await receiver.create({ method: 'urn:ietf:rfc:8935', endpoint_url: url })
      await quarantine(admin, server, workload.id)
      await Promise.all([silent.until(1), redirecting.until(1), good.until(1)])
      await admin.client(server).inventory.identity.release({ identity: workload.id, reason: 'again' })
      const asked = performance.now()
      const seq = await quarantine(admin, server, workload.id)
      t.diagnostic(`a quarantine beside a silent receiver took ${Math.round(performance.now() - asked)} ms`)
      await good.until(3)
      const { jti } = await receiver.verify(good.got[2]?.body ?? '')
      assert.match(jti ?? '', new RegExp(`\\.${seq}s$`))
      assert.equal(silent.got.length, 1, 'it still waits for the first answer')
    } finally {
      for (const endpoint of [silent, redirecting, good]) endpoint.close()
    }
  },
  PRIVATE,
)

onEveryServer(
  'a SET proves nothing anywhere: not as an access token, not as an assertion, not to another receiver',
  async ({ server, admin }) => {
    const workload = await setUpWorkload(server, admin)
    const receiver = await receiverOf(server, workload)
    const { stream_id: stream } = (await receiver.create()).body
    await quarantine(admin, server, workload.id)
    const { body } = await receiver.ask('POST', `/ssf/poll/${stream}`, { returnImmediately: true })
    const [set = ''] = Object.values<string>(body.sets)
    const asToken = await fetch(`${server.url}/ssf/streams`, { headers: { authorization: `Bearer ${set}` } })
    assert.equal(asToken.status, 401)
    const other = await receiverOf(server, await setUpWorkload(server, admin, 'invoices'))
    await assert.rejects(other.verify(set), { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' })
  },
)
