import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Admin } from './process.ts'

/** An identity with both kinds of credential and a grant, and the API that serves what the grant is for. */
export interface Workload {
  readonly team: string
  readonly id: string
  readonly name: string
  readonly audience: string
  readonly secret: string
  readonly secretCredential: string
  readonly key: CryptoKey
  readonly keyCredential: string
  /** The identity that serves the audience, and so may introspect its tokens. */
  readonly api: { readonly id: string; readonly secret: string }
}

/** What an identity of these tests is declared as. */
export const identityInput = (name: string, owner: string) => ({
  name,
  kind: 'service' as const,
  owner,
  purpose: 'is part of a test',
  environment: 'test',
  classification: { functions: ['sync' as const], boundary: 'internal' as const, blastRadius: 'read-only' as const },
  expiresAt: '30d',
  reviewAt: '20d',
  tags: { business_unit: 'tests', application: 'tests', repository: 'tests/tests' },
})

/** Registers a team, two services, a resource and a grant, through the API. `word` keeps several apart. */
export const setUpWorkload = async (
  server: { readonly url: string },
  admin: Admin,
  word = 'orders',
): Promise<Workload> => {
  const { inventory, policy, broker } = admin.client(server)
  const contact = `${word}@example.com`
  const team = await inventory.team.create({
    name: `${word}-team`,
    technicalContact: contact,
    businessContact: contact,
    businessUnit: 'tests',
  })
  const sync = await inventory.identity.create(identityInput(`${word}-sync`, team.id))
  const api = await inventory.identity.create(identityInput(`${word}-api`, team.id))
  const audience = `https://${word}.example.com/`
  const resource = await policy.resource.create({
    name: `${word}-resource`,
    uri: audience,
    environment: 'test',
    sensitivity: 'internal',
    owner: team.id,
    servedBy: [api.id],
    actions: [{ name: `${word}.read`, effect: 'read' }],
  })
  await policy.grant.create({
    identity: sync.id,
    resource: resource.id,
    actions: [`${word}.read`],
    expiresAt: '20d',
  })
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const { x = '', y = '' } = await exportJWK(publicKey)
  const bySecret = await broker.credential.add({ identity: sync.id, kind: 'client-secret' })
  const byKey = await broker.credential.add({
    identity: sync.id,
    kind: 'public-key',
    publicKey: { kty: 'EC', crv: 'P-256', x, y },
  })
  const ofApi = await broker.credential.add({ identity: api.id, kind: 'client-secret' })
  return {
    team: team.id,
    id: sync.id,
    name: sync.name,
    audience,
    secret: bySecret.secret ?? '',
    secretCredential: bySecret.credential.id,
    key: privateKey,
    keyCredential: byKey.credential.id,
    api: { id: api.id, secret: ofApi.secret ?? '' },
  }
}

/** What an OAuth endpoint answered. */
export interface OAuthAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Posts a form to an OAuth endpoint of the server. */
export const postForm = async (
  server: { readonly url: string },
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<OAuthAnswer> => {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}

/** The form of a token request with the secret. */
export const bySecret = ({ id, secret, audience }: Workload, resource = audience) => ({
  grant_type: 'client_credentials',
  client_id: id,
  client_secret: secret,
  resource,
})

/** The form of a token request with a signed assertion; each has a jti of its own unless one is given. */
export const byAssertion = async (
  { id, key, audience }: Workload,
  issuer: string,
  jti: string = crypto.randomUUID(),
) => ({
  grant_type: 'client_credentials',
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(issuer)
    .setJti(jti)
    .setIssuedAt()
    .setExpirationTime('60s')
    .sign(key),
  resource: audience,
})

/** The claims of a compact JWT, unverified. */
export const claimsIn = (token: unknown): Readonly<Record<string, unknown>> =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString('utf8'))
