import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import type { Client, Method } from './client.ts'

/** So many requests for a token, as bytes. Those with an assertion are each good once. */
export const makeRequests = async (client: Client, method: Method, count: number): Promise<readonly Buffer[]> => {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    resource: client.resource,
    scope: client.scope,
  }).toString()
  if (method === 'secret') return again([bytesOf(client, form, basicOf(client))], count)
  if (method === 'exchange') {
    const forms = (client.subjectTokens ?? []).map((token) => exchangeForm(client, token))
    return again(
      forms.map((one) => bytesOf(client, one, basicOf(client))),
      count,
    )
  }
  if (method === 'api-key') {
    const asked = { token: client.apiKey?.key ?? '', source_ip: client.apiKey?.address ?? '' }
    return again([bytesOf(client, new URLSearchParams(asked).toString(), basicOf(client))], count)
  }
  const key = createPrivateKey(client.privateKey)
  const made: Buffer[] = []
  while (made.length < count) {
    // As many under way as keep the thread pool busy.
    const part = Math.min(256, count - made.length)
    const assertions = await Promise.all(Array.from({ length: part }, () => assertion(client, method, key)))
    for (const one of assertions) made.push(bytesOf(client, `${form}&${ASSERTION_TYPE}&client_assertion=${one}`, ''))
  }
  return made
}

const again = (requests: readonly Buffer[], count: number): readonly Buffer[] => {
  if (requests.length === 0) throw new Error('nothing to ask')
  return Array.from({ length: count }, (_, at) => requests[at % requests.length] ?? Buffer.alloc(0))
}

/** RFC 6749 §2.3.1: both halves are form-encoded before they are joined. */
const basicOf = (client: Client): string => {
  const pair = `${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`
  return `authorization: Basic ${Buffer.from(pair).toString('base64')}\r\n`
}

const exchangeForm = ({ resource, scope }: Client, token: string): string =>
  new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    resource,
    scope,
  }).toString()

const ASSERTION_TYPE = `client_assertion_type=${encodeURIComponent('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')}`
const ASSERTION_SECONDS = 240

const bytesOf = (client: Client, body: string, headers: string): Buffer =>
  Buffer.from(
    `POST ${client.path} HTTP/1.1\r\nhost: 127.0.0.1:${client.port}\r\n${headers}content-type: application/x-www-form-urlencoded\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  )

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A client assertion (RFC 7523 §3): the client's own, or one of its platform. */
const assertion = (client: Client, method: Method, key: KeyObject): Promise<string> => {
  const iat = Math.floor(Date.now() / 1000)
  const { issuer, subject, keyId } =
    method === 'federation' ? client.platform : { issuer: client.id, subject: client.id, keyId: client.keyId }
  const claims = { iss: issuer, sub: subject, aud: client.issuer, jti: randomUUID(), iat, exp: iat + ASSERTION_SECONDS }
  const input = `${part({ alg: 'ES256', kid: keyId })}.${part(claims)}`
  return new Promise((resolve, reject) => {
    sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, (error, signature) =>
      error === null ? resolve(`${input}.${signature.toString('base64url')}`) : reject(error),
    )
  })
}
