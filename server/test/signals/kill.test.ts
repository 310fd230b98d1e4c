import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { decodeJwt } from 'jose'
import type { Engine } from '../../src/kit/database.ts'
import { enrolAdmin, makePlace, type Place, startServer } from '../process.ts'
import { ISSUER, startReplicas } from '../replicas/replicas.ts'
import { setUpWorkload } from '../workload.ts'
import { openEndpoint, quarantine, receiverOf } from './receiver.ts'

// V11 of the trust bars, and what design.md says of acknowledged: a stop that was acknowledged is told.

const SETTINGS = { REEVE_OUTBOUND_PRIVATE: '127.0.0.0/8', REEVE_ISSUER: ISSUER }
const PUSH = 'urn:ietf:rfc:8935'

for (const engine of ['sqlite', 'postgres'] as const)
  test(`a stop that was acknowledged is pushed although the server is killed right after, and in the delivery [${engine}]`, async (t) => {
    const place = await makePlace(engine)
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      await killTwice(place, t)
    } finally {
      await place.remove()
    }
  })

const killTwice = async (place: Place, t: TestContext): Promise<void> => {
  const endpoint = await openEndpoint()
  t.after(() => endpoint.close())
  let server = await startServer(place, SETTINGS)
  const admin = await enrolAdmin(server)
  const workload = await setUpWorkload(server, admin)
  const receiver = await receiverOf(server, workload, ISSUER)
  endpoint.answer = () => undefined
  await receiver.create({ method: PUSH, endpoint_url: endpoint.url })
  const seq = await quarantine(admin, server, workload.id)
  server.kill('SIGKILL')
  await server.exited
  // It may or may not have been sent; nobody has said that it was taken.
  const before = endpoint.got.length
  server = await startServer(place, SETTINGS)
  await endpoint.until(before + 1)
  // This time it is killed while the receiver has it and has not answered.
  server.kill('SIGKILL')
  await server.exited
  endpoint.answer = () => ({ status: 202 })
  const again = endpoint.got.length
  server = await startServer(place, SETTINGS)
  await endpoint.until(again + 1)
  await admin.client(server).inventory.identity.release({ identity: workload.id, reason: 'again' })
  await endpoint.until(again + 2)
  const ends = endpoint.got.map(({ body }) => String(decodeJwt(body).jti).replace(/^.*\./, ''))
  assert.deepEqual(ends.at(-1), `${seq + 1}t`)
  assert.deepEqual(new Set(ends.slice(0, -1)), new Set([`${seq}s`]), 'the same event, under the same name')
  assert.equal(ends.length, again + 2, 'and not once more when it was taken')
  await server.stop()
}

test('three replicas push each event once, whichever of them was asked', async (t) => {
  await pushedBy('postgres', t)
})

const STOPS = 12

const pushedBy = async (engine: Engine, t: TestContext): Promise<void> => {
  const replicas = await startReplicas(engine, 3, SETTINGS)
  if (replicas === undefined) return t.skip('no PostgreSQL here, and replicas need one')
  const endpoint = await openEndpoint()
  try {
    const { servers, admin } = replicas
    const [first] = servers
    assert.ok(first)
    const workload = await setUpWorkload(first, admin)
    const receiver = await receiverOf(first, workload, ISSUER)
    const { stream_id: stream } = (await receiver.create({ method: PUSH, endpoint_url: endpoint.url })).body
    const seqs: number[] = []
    for (let at = 0; at < STOPS; at++) {
      const server = servers[at % servers.length] ?? first
      const { seq } = await admin
        .client(server)
        .broker.instance.quarantine({ identity: workload.id, instance: `pod-${at}`, reason: 'a test' })
      seqs.push(seq ?? 0)
    }
    await endpoint.until(STOPS)
    const jtis = endpoint.got.map(({ body }) => decodeJwt(body).jti)
    assert.deepEqual(
      jtis,
      seqs.map((seq) => `${stream}.${seq}s`),
    )
    await receiver.verify(endpoint.got[0]?.body ?? '')
  } finally {
    await replicas.stop()
    endpoint.close()
  }
}
