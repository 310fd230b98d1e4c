import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { coreFault } from '../../kit/fault.ts'

const NAME = '/.well-known/ssf-configuration'

/** The document by which receivers find everything else (Shared Signals Framework 1.0 §7). */
export const mountSharedSignalsMetadata = (http: FastifyInstance, { issuer }: { issuer(): string }): void => {
  const send = (reply: FastifyReply) =>
    reply
      .header('cache-control', 'public, max-age=300')
      .type('application/json')
      .send(JSON.stringify(metadataOf(issuer())))
  http.get(NAME, (_request, reply) => send(reply))
  // §7.2: an issuer with a path has it inserted after the well-known name.
  http.get(`${NAME}/*`, (request: FastifyRequest<{ Params: { '*': string } }>, reply) => {
    if (`/${request.params['*']}` !== new URL(issuer()).pathname) throw coreFault('unknown_operation')
    return send(reply)
  })
}

const metadataOf = (issuer: string) => ({
  spec_version: '1_0',
  issuer,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  delivery_methods_supported: ['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936'],
  configuration_endpoint: `${issuer}/ssf/streams`,
  status_endpoint: `${issuer}/ssf/status`,
  add_subject_endpoint: `${issuer}/ssf/subjects/add`,
  remove_subject_endpoint: `${issuer}/ssf/subjects/remove`,
  verification_endpoint: `${issuer}/ssf/verify`,
  // Whoever overlooks one of these ends too much, or nothing.
  critical_subject_members: ['user', 'session', 'device', 'group'],
  authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }, { spec_urn: 'urn:ietf:rfc:9449' }],
  default_subjects: 'ALL',
})
