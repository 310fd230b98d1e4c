import { createPublicKey, type JsonWebKeyInput, verify } from 'node:crypto'
import type { Client } from './client.ts'

/** Throws unless introspection said of the key that it is active, and for what. */
export const checkKeyAnswers = (answers: readonly string[], { resource, scope }: Client): void => {
  if (answers.length === 0) throw new Error('no answer to look at')
  for (const answer of answers) {
    const { active, aud, scope: said, credential_kind: kind } = JSON.parse(answer)
    if (active !== true || aud !== resource || said !== scope || kind !== 'api-key') throw new Error(answer)
  }
}

/** Throws unless these answers hold tokens that were really signed by this server and say what was asked. */
export const checkAnswers = async (
  answers: readonly string[],
  given: { readonly client: Client; readonly jwksUrl: string | undefined; readonly limitKey: string },
): Promise<void> => {
  if (answers.length === 0) throw new Error('no answer to verify')
  const keys = given.jwksUrl === undefined ? [] : await keysAt(given.jwksUrl)
  const seen = new Set<unknown>()
  for (const answer of answers) {
    const { header, claims, input, signature } = readToken(answer)
    const jwk = keys.find(({ kid }) => kid === header.kid)
    const key = jwk === undefined ? createPublicKey(given.limitKey) : createPublicKey({ key: jwk, format: 'jwk' })
    if (header.alg !== 'ES256' || header.typ !== 'at+jwt') throw new Error(`header ${JSON.stringify(header)}`)
    if (!verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, signature))
      throw new Error('a token is not signed by the key that is published')
    const { client_id, aud, scope, exp, jti } = claims
    const isRight = client_id === given.client.id && aud === given.client.resource && scope === given.client.scope
    if (!isRight || Number(exp) * 1000 <= Date.now() || seen.has(jti)) throw new Error(JSON.stringify(claims))
    seen.add(jti)
  }
}

/** The parts of the token in this answer of a token endpoint. */
export const readToken = (answer: string) => {
  const { access_token: token }: { access_token: string } = JSON.parse(answer)
  const [head = '', body = '', signature = ''] = token.split('.')
  return {
    header: decode(head),
    claims: decode(body),
    input: `${head}.${body}`,
    signature: Buffer.from(signature, 'base64url'),
  }
}

const decode = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString())

const keysAt = async (url: string): Promise<Jwk[]> => {
  const response = await fetch(url)
  const { keys }: { keys: Jwk[] } = JSON.parse(await response.text())
  return keys
}

type Jwk = JsonWebKeyInput['key'] & { readonly kid?: string }
