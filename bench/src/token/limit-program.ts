import { createPrivateKey, createPublicKey, randomUUID, sign, verify } from 'node:crypto'
import { sendJson, serveBare } from '../bare-server.ts'
import type { ProgramOrder } from './program.ts'

// The limit: a bare server that does nothing but sign the same token. It decides nothing, records nothing, and asks
// nobody who they are, except that with assertions it checks their signature, which nobody can leave out.

process.once('message', (order: ProgramOrder) => {
  const { claims, scope } = order
  const key = { key: createPrivateKey(order.signingKey), dsaEncoding: 'ieee-p1363' } as const
  const clientKey = { key: createPublicKey(order.clientPublicKey), dsaEncoding: 'ieee-p1363' } as const
  const head = `${Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: order.signingKeyId })).toString('base64url')}.`

  const token = (): string => {
    const iat = Math.floor(Date.now() / 1000)
    const body = JSON.stringify({ ...claims, iat, exp: iat + 3600, jti: randomUUID() })
    const input = head + Buffer.from(body).toString('base64url')
    // Signed where it stands: with two cores, one of them making the load, the thread pool was slower here.
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
  }

  const isProven = (form: string): boolean => {
    const at = form.indexOf(ASSERTION)
    if (at < 0) return true
    const jwt = form.slice(at + ASSERTION.length)
    const dot = jwt.lastIndexOf('.')
    return verify('sha256', Buffer.from(jwt.slice(0, dot)), clientKey, Buffer.from(jwt.slice(dot + 1), 'base64url'))
  }

  serveBare('latin1', (form, response) => {
    if (!isProven(form)) return void response.writeHead(401, { 'content-length': 0 }).end()
    const text = `{"access_token":"${token()}","token_type":"Bearer","expires_in":3600,"scope":${JSON.stringify(scope)}}`
    sendJson(response, text)
  })
})

const ASSERTION = '&client_assertion='
