import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import type { Client, Method } from './client.ts'

/** So many requests for a token, as bytes. Those with an assertion are each good once. */
export const makeRequests = async (client: Client, method: Method, count: number): Promise<readonly Buffer[]> => {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    resource: client.resource,
    scope: client.scope,
  }).toString()
  if (method === 'secret') {
    // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
    const pair = `${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`
    const request = bytesOf(client, form, `authorization: Basic ${Buffer.from(pair).toString('base64')}\r\n`)
    return Array.from({ length: count }, () => request)
  }
  const key = createPrivateKey(client.privateKey)
  const made: Buffer[] = []
  while (made.length < count) {
    // As many under way as keep the thread pool busy.
    const part = Math.min(256, count - made.length)
    const assertions = await Promise.all(Array.from({ length: part }, () => assertion(client, key)))
    for (const one of assertions) made.push(bytesOf(client, `${form}&${ASSERTION_TYPE}&client_assertion=${one}`, ''))
  }
  return made
}

const ASSERTION_TYPE = `client_assertion_type=${encodeURIComponent('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')}`
const ASSERTION_SECONDS = 240

const bytesOf = (client: Client, body: string, headers: string): Buffer =>
  Buffer.from(
    `POST ${client.path} HTTP/1.1\r\nhost: 127.0.0.1:${client.port}\r\n${headers}content-type: application/x-www-form-urlencoded\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  )

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A client assertion (RFC 7523 §3). */
const assertion = (client: Client, key: KeyObject): Promise<string> => {
  const iat = Math.floor(Date.now() / 1000)
  const claims = {
    iss: client.id,
    sub: client.id,
    aud: client.issuer,
    jti: randomUUID(),
    iat,
    exp: iat + ASSERTION_SECONDS,
  }
  const input = `${part({ alg: 'ES256', kid: client.keyId })}.${part(claims)}`
  return new Promise((resolve, reject) => {
    sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, (error, signature) =>
      error === null ? resolve(`${input}.${signature.toString('base64url')}`) : reject(error),
    )
  })
}
