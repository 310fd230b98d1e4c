import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSts } from '../../server/test/fakes/sts.ts'
import { startHostedServer } from '../../server/test/hosted-server.ts'
import { enrolAdmin, makePlace } from '../../server/test/process.ts'
import { setUpWorkload } from '../../server/test/workload.ts'
import { makeReeve } from './reeve-process.ts'

test('the real program proves a workload of AWS to the real server, with the keys of its environment', async (t) => {
  const place = await makePlace('sqlite')
  assert.ok(place !== undefined)
  const sts = await openSts(() => new Date())
  const { reeve, remove } = makeReeve()
  t.after(async () => {
    sts.close()
    remove()
    await place.remove()
  })
  const server = await startHostedServer(place, {
    REEVE_AWS_STS: sts.url,
    REEVE_OUTBOUND_PRIVATE: '127.0.0.0/8',
  })
  const admin = await enrolAdmin(server)
  const { id, audience } = await setUpWorkload(server, admin)
  await admin.client(server).broker.trust.add({
    identity: id,
    issuer: 'arn:aws:sts',
    claims: { arn: 'arn:aws:iam::123456789012:role/Till' },
    regions: ['eu-west-1'],
  })
  const environment = {
    AWS_ACCESS_KEY_ID: 'ASIATILL000000000001',
    AWS_SECRET_ACCESS_KEY: 'a-secret-of-the-tests',
    AWS_REGION: 'eu-west-1',
  }
  const get = ['token', 'get', id, '--for', audience, '--server', server.url, '--proof']
  const nobody = await reeve([...get, 'aws'], { environment })
  assert.notEqual(nobody.code, 0)
  assert.match(nobody.err, /federation_refused|proves no identity/)
  sts.put(environment.AWS_ACCESS_KEY_ID, {
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
    Account: '123456789012',
    Arn: 'arn:aws:sts::123456789012:assumed-role/Till/session-1',
    UserId: 'AROAEXAMPLE:session-1',
  })
  const { code, out, err } = await reeve([...get, 'aws'], { environment })
  assert.equal(code, 0, err)
  assert.match(out, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  const elsewhere = await reeve([...get, 'aws:us-east-1'], { environment })
  assert.notEqual(elsewhere.code, 0)
  assert.ok(!`${nobody.err}${elsewhere.err}${server.output()}`.includes(environment.AWS_SECRET_ACCESS_KEY))
  await server.stop()
})
