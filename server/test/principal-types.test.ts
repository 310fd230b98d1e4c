import assert from 'node:assert/strict'
import { createClient, ReeveError } from '@reeve/sdk/client'
import { SignJWT } from 'jose'
import { onEveryServer } from './process.ts'
import { bySecret, postForm, setUpWorkload } from './workload.ts'

const statusOf = async (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => 200,
    (error: unknown) => {
      assert.ok(error instanceof ReeveError)
      return error.status
    },
  )

onEveryServer(
  'a person holds no credential of an identity, and gets no token by a session',
  async ({ server, admin }) => {
    const { audience, api } = await setUpWorkload(server, admin)
    const { broker } = admin.client(server)
    assert.equal(await statusOf(broker.credential.add({ identity: admin.person, kind: 'client-secret' })), 404)
    const proof = { client_id: admin.person, client_secret: admin.token }
    const asked = await postForm(server, '/oauth/token', {
      grant_type: 'client_credentials',
      ...proof,
      resource: audience,
    })
    assert.deepEqual([asked.status, asked.body.error], [401, 'invalid_client'])
    const introspected = { client_id: api.id, client_secret: api.secret, token: admin.token }
    assert.equal((await postForm(server, '/oauth/introspect', introspected)).body.active, false)
  },
)

onEveryServer(
  'an identity opens, holds and sees no session, whatever it proves itself with',
  async ({ server, admin }) => {
    const workload = await setUpWorkload(server, admin)
    const { id, secret, key } = workload
    const issuer = server.url
    const signed = () =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(issuer)
        .setJti(crypto.randomUUID())
        .setIssuedAt()
        .setExpirationTime('60s')
        .sign(key)
    const own = await postForm(server, '/oauth/token', bySecret(workload, issuer))
    assert.equal(own.status, 200)
    const token = String(own.body.access_token)
    const nobody = createClient({ baseUrl: server.url })
    const identity = createClient({ baseUrl: server.url, token })
    assert.equal(await statusOf(nobody.lifecycle.session.create({ assertion: await signed() })), 401)
    assert.equal(await statusOf(identity.lifecycle.session.create({ assertion: await signed() })), 403)
    assert.equal(await statusOf(identity.lifecycle.session.list({})), 403)
    for (const bearer of [secret, await signed()])
      assert.equal(await statusOf(createClient({ baseUrl: server.url, token: bearer }).lifecycle.session.list({})), 401)
    const sessions = await admin.client(server).lifecycle.session.list({})
    assert.deepEqual(new Set(sessions.items.map(({ person }) => person)), new Set([admin.person]))
  },
)
