import assert from 'node:assert/strict'
import { createVerifier } from '@reeve/sdk'
import { onEveryServer, type RunningServer } from './process.ts'
import { bySecret, postForm, setUpWorkload } from './workload.ts'

const reason = 'test'

onEveryServer(
  'a token that names a former owner is stopped while either owner is quarantined, and every way of checking it agrees',
  async ({ server, admin }, t) => {
    const workload = await setUpWorkload(server, admin)
    const { inventory } = admin.client(server)
    const contact = 'other@example.com'
    const to = await inventory.team.create({
      name: 'other-team',
      technicalContact: contact,
      businessContact: contact,
      businessUnit: 'tests',
    })
    const third = await inventory.team.create({
      name: 'third-team',
      technicalContact: contact,
      businessContact: contact,
      businessUnit: 'tests',
    })
    const move = (owner: string) => inventory.identity.change({ identity: workload.id, owner })
    const [forApi, forReeve] = await Promise.all([tokenOf(server, workload), tokenOf(server, workload, server.url)])
    const verifier = createVerifier({ issuer: server.url, audience: workload.audience, allowsPlainHttp: true })
    t.after(() => verifier.close())
    await verifier.ready()

    /** Who checks the token, and whether each of them takes it now. */
    const isTaken = async (seq: number | null | undefined) => {
      while ((verifier.status().seq ?? 0) < (seq ?? 0)) await new Promise((turn) => setImmediate(turn))
      const [sdk, introspection, ownApi] = await Promise.all([
        verifier.verify(forApi).then(
          () => true,
          () => false,
        ),
        postForm(server, '/oauth/introspect', {
          client_id: workload.api.id,
          client_secret: workload.api.secret,
          token: forApi,
        }).then(({ body }) => body.active),
        fetch(`${server.url}/v1/inventory.identity.show?identity=${workload.id}`, {
          headers: { authorization: `Bearer ${forReeve}` },
        }).then(({ status }) => status !== 401),
      ])
      return [sdk, introspection, ownApi]
    }
    // The team of the workload also owns what introspects, which a quarantine of it would stop as well.
    await inventory.identity.change({ identity: workload.api.id, owner: third.id })
    const stop = (owner: string) => inventory.owner.quarantine({ owner, reason })
    const release = (owner: string) => inventory.owner.release({ owner, reason })
    const [ALL, NONE] = [
      [true, true, true],
      [false, false, false],
    ]

    assert.deepEqual(await isTaken(0), ALL, 'before anything')
    await move(to.id)
    assert.deepEqual(await isTaken(0), ALL, 'a move alone stops nothing')
    assert.deepEqual(await isTaken((await stop(to.id)).seq), NONE, 'the present owner is quarantined')
    assert.deepEqual(await isTaken((await release(to.id)).seq), ALL, 'and released')
    assert.deepEqual(await isTaken((await stop(workload.team)).seq), NONE, 'the owner that it names is quarantined')
    assert.equal(
      (await postForm(server, '/oauth/token', bySecret(workload))).status,
      200,
      'a new one names the new owner',
    )
    assert.deepEqual(await isTaken((await release(workload.team)).seq), ALL, 'and released')

    await t.test('to a team that is quarantined already', async () => {
      await move(workload.team)
      const { seq } = await stop(to.id)
      assert.deepEqual(await isTaken(seq), ALL, 'it is not of that team any more')
      await move(to.id)
      assert.deepEqual(await isTaken((seq ?? 0) + 1), NONE)
      const released = await release(to.id)
      assert.deepEqual(await isTaken(released.seq), ALL)
    })
  },
)

const tokenOf = async (
  server: RunningServer,
  workload: Parameters<typeof bySecret>[0],
  resource?: string,
): Promise<string> => {
  const { status, body } = await postForm(server, '/oauth/token', bySecret(workload, resource))
  assert.equal(status, 200)
  return String(body.access_token)
}
