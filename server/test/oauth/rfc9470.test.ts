import assert from 'node:assert/strict'
import { createPep, ownToken } from '../authzen/pep.ts'
import { onEveryServer } from '../process.ts'
import { byAssertion, bySecret, setUpWorkload } from '../workload.ts'

onEveryServer(
  'RFC 9470: a token that a stronger proof would get is refused with what would satisfy, as AuthZEN says it',
  async ({ server, admin }) => {
    const workload = await setUpWorkload(server, admin)
    const { policy } = admin.client(server)
    const ask = async (form: Readonly<Record<string, string>>) => {
      const response = await fetch(`${server.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) })
      return { response, body: JSON.parse(await response.text()) }
    }
    const texts = [
      `@id("keys-only") @stepup("urn:example:key \\"hw\\"") @stepup_max_age("300")`,
      `forbid (principal, action == Reeve::Action::"orders.read", resource is Reeve::Resource)`,
      `unless { context has credentialKind && context.credentialKind == "public-key" };`,
      `@id("newer") @stepup_max_age("60")`,
      `forbid (principal, action == Reeve::Action::"orders.read", resource is Reeve::Resource)`,
      `unless { context has credentialKind && context.credentialKind == "public-key" };`,
    ]
    await policy.set.change({ put: [{ name: 'keys', file: 'policies/keys.cedar', text: texts.join('\n') }] })

    const { response, body } = await ask({ ...bySecret(workload), scope: 'orders.read' })
    assert.deepEqual([response.status, body.error, body.code], [400, 'access_denied', 'token_denied'])
    assert.deepEqual(body.obligations, [
      { id: 'step-up', policy: 'keys-only', acr_values: 'urn:example:key "hw"', max_age: 300 },
      { id: 'step-up', policy: 'newer', max_age: 60 },
    ])
    assert.equal(
      response.headers.get('www-authenticate'),
      `Bearer error="insufficient_user_authentication", error_description="a stronger or newer proof is needed", acr_values="urn:example:key 'hw'", max_age="60"`,
    )
    const pep = createPep(server.url, await ownToken(server, workload.api))
    const { body: answer } = await pep.ask('evaluation', {
      subject: { type: 'identity', id: workload.id },
      action: { name: 'orders.read' },
      resource: { type: 'resource', id: 'orders-resource' },
    })
    assert.equal(answer.decision, false)
    assert.deepEqual(answer.context.obligations, body.obligations)

    // What it asks for does satisfy, and a refusal that no proof would turn says nothing of it.
    assert.equal(
      (await ask({ ...(await byAssertion(workload, server.url)), scope: 'orders.read' })).response.status,
      200,
    )
    await policy.resource.create({
      name: 'empty',
      uri: 'https://empty.example.com/',
      environment: 'test',
      sensitivity: 'internal',
      actions: [{ name: 'empty.read', effect: 'read' }],
    })
    const plain = await ask({ ...bySecret(workload, 'https://empty.example.com/'), scope: 'empty.read' })
    assert.deepEqual([plain.body.code, plain.body.obligations], ['token_denied', undefined])
    assert.equal(plain.response.headers.get('www-authenticate'), null)
  },
)
