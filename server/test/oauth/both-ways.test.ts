import assert from 'node:assert/strict'
import {
  addKey,
  addSecret,
  assertionForm,
  ORDERS,
  onEveryBroker,
  setUpOrders,
  signAssertion,
  type TestBroker,
} from '../broker.ts'
import { rawRequest, sendRaw } from '../hostile/raw.ts'

// What is asked plainly is answered at the door, everything else by the framework; nobody may tell which it was.

const FORM = 'content-type: application/x-www-form-urlencoded'
// Nobody is trusted to say it here, so that it changes nothing but the way.
const ODD = 'x-forwarded-for: 10.0.0.1'

interface Case {
  readonly path: string
  readonly body: string
  readonly headers?: readonly string[]
  /** Not even its plain form is taken at the door. */
  readonly isOdd?: true
}

/** What came back, without what differs from one request to the next. */
const told = (text: string): string => {
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const lines = head.split('\r\n').map((line) => line.toLowerCase())
  const kept = lines.filter((line) => !line.startsWith('date:') && !line.startsWith('dpop-nonce:'))
  const named = kept.map((line) => line.replace(/req_[\w-]+/, 'req_x').replace(/(content-length): \d+/, '$1: n'))
  const [status = '', ...headers] = named
  const shape = body
    .replaceAll(/req_[\w-]{22}/g, 'req_x')
    .replace(/"access_token":"[^"]+"/, '"access_token":"x"')
    .replace(/dec_[\w-]+/, 'dec_x')
  return [status, ...headers.sort(), shape].join('\n')
}

const ask = async (test: TestBroker, { path, body, headers = [FORM] }: Case, ...more: readonly string[]) => {
  const { text, isClosed } = await sendRaw(test.url, rawRequest('POST', path, { headers: [...headers, ...more], body }))
  assert.equal(isClosed, true)
  return told(text)
}

const formText = (form: Record<string, string>) => new URLSearchParams(form).toString()

onEveryBroker('a token request is answered the same at the door and by the framework', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const { privateKey } = await addKey(test)
  const basic = `authorization: Basic ${Buffer.from(`nhi_sync:${secret}`).toString('base64')}`
  const grant = { grant_type: 'client_credentials', resource: ORDERS }
  const own = { client_id: 'nhi_sync', client_secret: secret }
  const asserted = async () => formText({ ...grant, ...assertionForm(await signAssertion(test, privateKey)) })
  const path = '/oauth/token'
  const cases: Readonly<Record<string, () => Case | Promise<Case>>> = {
    'a secret in the form': () => ({ path, body: formText({ ...grant, ...own }) }),
    'as fetch writes the type': () => ({
      path,
      body: formText({ ...grant, ...own }),
      headers: [`${FORM};charset=UTF-8`],
    }),
    'a secret in the header': () => ({ path, body: formText(grant), headers: [FORM, basic] }),
    'an assertion': async () => ({ path, body: await asserted() }),
    'a wrong secret': () => ({ path, body: formText({ ...grant, ...own, client_secret: `${secret}x` }) }),
    'no proof': () => ({ path, body: formText(grant) }),
    'another grant': () => ({ path, body: formText({ ...grant, ...own, grant_type: 'password' }) }),
    'a platform token that is none': () => ({
      path,
      body: formText({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: 'a.b.c',
        resource: ORDERS,
      }),
    }),
    'a proof that is none': () => ({ path, body: formText({ ...grant, ...own }), headers: [FORM, 'dpop: x'] }),
    'an unknown resource': () => ({ path, body: formText({ ...grant, ...own, resource: 'https://no.example' }) }),
    'introspection of what is no token': () => ({ path: '/oauth/introspect', body: formText({ ...own, token: 'x' }) }),
    'revocation of what is no token': () => ({ path: '/oauth/revoke', body: formText({ ...own, token: 'x' }) }),
    'a parameter twice': () => ({ path, body: `${formText({ ...grant, ...own })}&resource=x`, isOdd: true }),
    'parameters in the URL': () => ({ path: `${path}?a=b`, body: formText({ ...grant, ...own }), isOdd: true }),
    'no ASCII': () => ({ path, body: `${formText({ ...grant, ...own })}&workflow_run=é`, isOdd: true }),
    'a form that is too large': () => ({ path, body: `x=${'a'.repeat(65_536)}`, isOdd: true }),
    'another type': () => ({ path, body: formText(grant), headers: ['content-type: text/plain'], isOdd: true }),
    'no type': () => ({ path, body: formText(grant), headers: [], isOdd: true }),
  }
  for (const [name, make] of Object.entries(cases)) {
    const before = await test.atTheDoor()
    const one = await make()
    const plain = await ask(test, one)
    assert.equal((await test.atTheDoor()) - before, one.isOdd === true ? 0 : 1, name)
    const odd = await ask(test, await make(), ODD)
    assert.equal((await test.atTheDoor()) - before, one.isOdd === true ? 0 : 1, name)
    assert.equal(plain, odd, name)
  }
})
