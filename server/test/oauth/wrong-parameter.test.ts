import assert from 'node:assert/strict'
import { addKey, addSecret, assertionForm, ORDERS, onEveryBroker, post, setUpOrders, signAssertion } from '../broker.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS = 'urn:ietf:params:oauth:token-type:access_token'
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const NO_LABEL = 'is longer than 128 characters, or holds others than printable ASCII without spaces'
// Of whatever is wrong, and never told.
const VALUE = 'ab cd'

type Form = Readonly<Record<string, string>>

onEveryBroker('a parameter that is missing or malformed is named, and its value is not', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const { privateKey } = await addKey(test)
  const client = { client_id: 'nhi_sync', client_secret: secret }
  const token = { ...client, grant_type: 'client_credentials', resource: ORDERS }
  const exchange = { ...client, grant_type: EXCHANGE, subject_token: 'x', subject_token_type: ACCESS }
  const grant = { ...exchange, requested_token_type: ID_JAG }
  const signed = async (over: Form) => ({
    ...{ grant_type: 'client_credentials', resource: ORDERS },
    ...assertionForm(await signAssertion(test, privateKey, { reeve_instance: 'pod-7' })),
    ...over,
  })
  const cases: readonly (readonly [path: string, form: Form, about: string])[] = [
    ['token', { ...token, grant_type: '' }, 'grant_type is missing'],
    ['token', { ...token, may_act: VALUE }, 'may_act is no id of an identity'],
    ['token', { ...token, instance: VALUE }, `instance ${NO_LABEL}`],
    ['token', { ...token, workflow_run: VALUE }, `workflow_run ${NO_LABEL}`],
    ['token', { ...token, instance: secret }, 'instance looks like a secret'],
    ['token', { ...token, workflow_run: secret }, 'workflow_run looks like a secret'],
    ['token', await signed({ instance: 'pod-8' }), 'instance is another one than the proof names'],
    ['token', { grant_type: JWT_BEARER, resource: ORDERS }, 'assertion is missing'],
    ['token', await signed({ client_assertion: '' }), 'client_assertion is missing'],
    ['token', await signed({ client_assertion_type: '' }), 'client_assertion_type is missing'],
    ['token', await signed({ client_assertion_type: VALUE }), 'client_assertion_type is none that this server takes'],
    ['token', { ...exchange, subject_token: '' }, 'subject_token is missing'],
    ['token', { ...exchange, actor_token: VALUE }, 'actor_token_type is missing'],
    ['token', { ...exchange, actor_token_type: ACCESS }, 'actor_token is missing'],
    ['token', { ...exchange, may_act: VALUE }, 'may_act is no id of an identity'],
    ['token', grant, 'audience is missing, which names the other authorization server'],
    ['token', { ...grant, audience: ORDERS, resource: ORDERS }, 'resource is not taken for a grant to another server'],
    [
      'token',
      { ...grant, audience: ORDERS, actor_token: VALUE, actor_token_type: ACCESS },
      'actor_token is not taken for a grant to another server',
    ],
    ['introspect', client, 'token is missing'],
    ['introspect', { ...client, token: 'x', source_ip: VALUE }, 'source_ip is no IP address'],
    ['revoke', client, 'token is missing'],
  ]
  for (const [path, form, about] of cases) {
    const { status, body } = await post(test, `/oauth/${path}`, form)
    assert.deepEqual([status, body.error, body.code], [400, 'invalid_request', 'parameter_invalid'], about)
    assert.ok(body.error_description.includes(`or given twice: ${about}; send each`), body.error_description)
    assert.match(body.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, 'RFC 6749 §5.2')
    for (const value of [VALUE, secret]) assert.ok(!JSON.stringify(body).includes(value), about)
  }
})
