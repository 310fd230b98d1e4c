/**
 * Stands in for the token services of AWS, Google Cloud and Azure, on this machine: each judges a token as its documentation
 * says, and hands out nothing of worth. For the guide and the tests; written after the vendors' documents, not after Reeve.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createRemoteJWKSet, customFetch, decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose'

/** What an administrator of the cloud set up. */
export interface CloudSetUp {
  readonly issuer: string
  /** Where the issuer answers; itself unless told. */
  readonly reachedAt?: string
  readonly now?: () => Date
  readonly aws: { readonly audiences: readonly string[]; readonly roles: Readonly<Record<string, AwsRole>> }
  /** The full name of the provider: `//iam.googleapis.com/projects/…/providers/…`. */
  readonly google: { readonly provider: string; readonly subjects: readonly string[] }
  readonly azure: {
    readonly clients: Readonly<Record<string, { readonly subject: string; readonly audience: string }>>
  }
}

/** What the trust policy of a role pins, and whether it lets sessions have tags (`sts:TagSession`). */
export interface AwsRole {
  readonly audience: string
  readonly subject: string
  readonly mayTagSession?: boolean
}

/** A refusal, by the code that the cloud answers. */
class Refusal extends Error {}

const refuse = (code: string): never => {
  throw new Refusal(code)
}

const text = (value: unknown): string => (typeof value === 'string' ? value : refuse('claim_missing'))

/** Opens all three: AWS at `/`, Google at `/v1/token`, Azure at `/TENANT/oauth2/v2.0/token`. */
export const openClouds = async (given: CloudSetUp): Promise<{ readonly url: string; readonly server: Server }> => {
  const { issuer, reachedAt = issuer, now = () => new Date() } = given
  const reach = (url: string): string => url.replace(issuer, reachedAt)

  /** The claims, if the issuer signed them: by discovery, which all three do, and by no algorithm that the cloud does not know. */
  const verified = async (token: string, algorithms: readonly string[]): Promise<JWTPayload> => {
    if (decodeProtectedHeader(token).kid === undefined) refuse('kid_missing')
    if (decodeJwt(token).iss !== issuer) refuse('issuer_unknown')
    const found = await (await fetch(reach(`${issuer}/.well-known/openid-configuration`))).json()
    if (found.issuer !== issuer) refuse('discovery_of_another')
    const keys = createRemoteJWKSet(new URL(reach(found.jwks_uri)), { [customFetch]: fetch })
    const known = {
      issuer,
      algorithms: [...algorithms],
      currentDate: now(),
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'],
    }
    const { payload } = await jwtVerify(token, keys, known).catch((error) => refuse(error.code ?? 'token_refused'))
    return payload
  }

  // An issuer on this machine is for trying it out.
  if (!/^https:\/\/|^http:\/\/127\.0\.0\.1:/.test(issuer)) throw new Error('a cloud reaches an issuer by https alone')

  const answer = async (path: string, form: URLSearchParams): Promise<string> => {
    if (path === '/') return aws(form)
    return JSON.stringify(await (path === '/v1/token' ? google(form) : azure(form)))
  }

  const aws = async (form: URLSearchParams): Promise<string> => {
    if (form.get('Action') !== 'AssumeRoleWithWebIdentity') refuse('InvalidAction')
    const token = form.get('WebIdentityToken') ?? ''
    if (token.length < 4 || token.length > 20_000) refuse('ValidationError')
    const claims = await verified(token, ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'])
    const role = given.aws.roles[form.get('RoleArn') ?? ''] ?? refuse('AccessDenied')
    const [aud, sub] = [text(claims.aud), text(claims.sub)]
    if (sub.length < 6 || sub.length > 255) refuse('ValidationError')
    if (!given.aws.audiences.includes(aud)) refuse('InvalidIdentityToken')
    if (aud !== role.audience || sub !== role.subject) refuse('AccessDenied')
    const tags = sessionTags(claims['https://aws.amazon.com/tags'])
    if (Object.keys(tags).length > 0 && role.mayTagSession !== true) refuse('AccessDenied')
    const said = Object.entries({ SubjectFromWebIdentityToken: sub, Audience: aud, ...tags })
    return said.map(([name, value]) => `<${name}>${value}</${name}>`).join('')
  }

  const google = async (form: URLSearchParams): Promise<object> => {
    const { provider, subjects } = given.google
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:token-exchange') refuse('unsupported_grant_type')
    if (form.get('subject_token_type') !== 'urn:ietf:params:oauth:token-type:jwt') refuse('invalid_request')
    if (form.get('audience') !== provider) refuse('invalid_target')
    const claims = await verified(form.get('subject_token') ?? '', ['RS256', 'ES256'])
    const [aud, sub] = [text(claims.aud), text(claims.sub)]
    // Where no audiences are listed at the provider, its own name is the one, with https: or without.
    if (aud !== provider && aud !== `https:${provider}`) refuse('invalid_grant')
    const { iat = 0, exp = 0 } = claims
    if (iat > now().getTime() / 1000 || exp - iat > 86_400) refuse('invalid_grant')
    if (sub.length > 127 || !subjects.includes(sub)) refuse('invalid_grant')
    return {
      access_token: `google-${sub}`,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3600,
    }
  }

  const azure = async (form: URLSearchParams): Promise<object> => {
    if (form.get('grant_type') !== 'client_credentials') refuse('unsupported_grant_type')
    if (form.get('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      refuse('invalid_request')
    // The one algorithm that it takes from another issuer.
    const claims = await verified(form.get('client_assertion') ?? '', ['RS256'])
    const client = given.azure.clients[form.get('client_id') ?? ''] ?? refuse('unauthorized_client')
    if (issuer.length > 600 || client.subject.length > 600 || client.audience.length > 600) refuse('invalid_request')
    // Letter by letter, case and all.
    if (claims.sub !== client.subject || claims.aud !== client.audience) refuse('invalid_client')
    return { token_type: 'Bearer', expires_in: 3599, access_token: `azure-${claims.sub}` }
  }

  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    try {
      response.end(await answer(path, await readForm(request)))
    } catch (error) {
      const code = error instanceof Refusal ? error.message : 'token_refused'
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: code }))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`, server }
}

/** The session tags of the claim, as AWS reads it: one value each, and what goes on has to be among them. */
const sessionTags = (claim: unknown): Record<string, string> => {
  if (claim === undefined) return {}
  const { principal_tags: tags, transitive_tag_keys: transitive = [] } = Object(claim)
  const entries = Object.entries<unknown>(Object(tags))
  const isRight = ([key, value]: [string, unknown]): boolean =>
    TAG.test(key) &&
    key.length <= 128 &&
    Array.isArray(value) &&
    value.length === 1 &&
    TAG.test(value[0]) &&
    value[0].length <= 256
  if (entries.length > 50 || !entries.every(isRight)) refuse('InvalidIdentityToken')
  if (!Array.isArray(transitive) || !transitive.every((key) => key in tags)) refuse('InvalidIdentityToken')
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]))
}

const TAG = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u

const readForm = async (request: IncomingMessage): Promise<URLSearchParams> => {
  let body = ''
  for await (const chunk of request) body += chunk
  return new URLSearchParams(body)
}
