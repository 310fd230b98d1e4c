import { resourceMetadata } from '@reeve/sdk'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { coreFault } from '../../kit/fault.ts'
import { DEVICE_GRANT } from './logins.ts'

/** What the documents are made of. */
export interface MetadataParts {
  issuer(): string
  /** Where those who show certificates reach this server, when that is apart from where everybody else does (RFC 8705 §5). */
  mtlsUrl?(): string | undefined
  /** The key set as JSON text. */
  jwks(): string
  /** The version of the key set, as the feed tells it. */
  jwksVersion(): string
  readonly jwksSecondsMax: number
  /** The types of authorization details that some resource takes (RFC 9396 §10). */
  detailTypes(): readonly string[]
  /** Whether people log in here where they have no key (RFC 8628 §4). */
  readonly hasLogins?: boolean
  /** Whether callers can show certificates here (RFC 8705), and whether there is a CA that vouches for some. */
  readonly certificates?: { readonly areVouchedFor: boolean } | undefined
}

/** The documents by which clients and verifiers find everything else (RFC 8414, OpenID Connect Discovery, RFC 9728), and the keys. */
export const mountMetadata = (http: FastifyInstance, parts: MetadataParts): void => {
  const server = (reply: FastifyReply) =>
    reply
      .header('cache-control', 'public, max-age=300')
      .type('application/json')
      .send(JSON.stringify(metadataOf(parts)))
  // This server's own API, whose tokens are for the issuer itself.
  const resource = (reply: FastifyReply) => {
    const issuer = parts.issuer()
    const { body } = resourceMetadata(issuer, issuer, { name: 'Reeve', documentation: `${issuer}/docs` })
    return reply.header('cache-control', 'public, max-age=300').type('application/json').send(body)
  }
  for (const [name, document] of [
    ['oauth-authorization-server', server],
    ['openid-configuration', server],
    ['oauth-protected-resource', resource],
  ] as const) {
    http.get(`/.well-known/${name}`, (_request, reply) => document(reply))
    // RFC 8414 §3.1 and RFC 9728 §3.1: an issuer with a path has it inserted after the well-known name.
    http.get(`/.well-known/${name}/*`, (request: FastifyRequest<{ Params: { '*': string } }>, reply) => {
      if (`/${request.params['*']}` !== new URL(parts.issuer()).pathname) throw coreFault('unknown_operation')
      return document(reply)
    })
  }
  http.get('/.well-known/jwks.json', (_request, reply) =>
    reply
      .header('cache-control', `public, max-age=${parts.jwksSecondsMax}`)
      // By which a verifier sees that it has the set of which the feed tells, and not that of a replica which is behind.
      .header('etag', `"${parts.jwksVersion()}"`)
      .type('application/jwk-set+json')
      .send(parts.jwks()),
  )
}

const ALGORITHMS = ['ES256', 'EdDSA', 'RS256', 'PS256']
const CLIENT_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256']
const BASIC_METHODS = ['private_key_jwt', 'client_secret_basic', 'client_secret_post']

// RFC 8705 §2.1.1, §2.2.1: they are told where they can succeed.
const methodsOf = (certificates: MetadataParts['certificates']): readonly string[] => [
  ...BASIC_METHODS,
  ...(certificates === undefined ? [] : ['self_signed_tls_client_auth']),
  ...(certificates?.areVouchedFor === true ? ['tls_client_auth'] : []),
]

/** The endpoints at this address. */
const endpointsOf = (url: string, hasLogins: boolean) => ({
  token_endpoint: `${url}/oauth/token`,
  introspection_endpoint: `${url}/oauth/introspect`,
  revocation_endpoint: `${url}/oauth/revoke`,
  ...(hasLogins ? { device_authorization_endpoint: `${url}/oauth/device_authorization` } : {}),
})

const metadataOf = (parts: MetadataParts) => {
  const { certificates, hasLogins = false, detailTypes } = parts
  const [issuer, mtlsUrl] = [parts.issuer(), parts.mtlsUrl?.()]
  const methods = methodsOf(certificates)
  const types = detailTypes()
  return {
    issuer,
    ...endpointsOf(issuer, hasLogins),
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    reeve_revocation_feed: `${issuer}/revocations`,
    grant_types_supported: [
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:ietf:params:oauth:grant-type:token-exchange',
      ...(hasLogins ? [DEVICE_GRANT] : []),
    ],
    // ID-JAG §7: grants that are made here, and those that are taken.
    identity_chaining_requested_token_types_supported: ['urn:ietf:params:oauth:token-type:id-jag'],
    authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
    // There is no authorization endpoint: nobody is asked to consent, a policy decides.
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ALGORITHMS,
    token_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
    introspection_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
    // RFC 9701 §7: signed as this server's other documents are, whatever a resource's tokens are signed with.
    introspection_signing_alg_values_supported: ['ES256'],
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
    ...(types.length === 0 ? {} : { authorization_details_types_supported: types }),
    // RFC 8705 §3.3, and §5 where there is an address apart; any other asks for a certificate and needs none.
    ...(certificates === undefined ? {} : { tls_client_certificate_bound_access_tokens: true }),
    ...(mtlsUrl === undefined ? {} : { mtls_endpoint_aliases: endpointsOf(mtlsUrl, hasLogins) }),
    dpop_signing_alg_values_supported: CLIENT_ALGORITHMS,
    service_documentation: `${issuer}/docs`,
  }
}
