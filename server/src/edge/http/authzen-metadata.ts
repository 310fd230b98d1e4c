import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../kit/clock.ts'
import { coreFault } from '../../kit/fault.ts'

/** What the document is made of. */
export interface AuthzenMetadataParts {
  readonly clock: Clock
  issuer(): string
  /** Signs claims as a JWT with the key that signs tokens. */
  signDocument(claims: Readonly<Record<string, unknown>>): Promise<string>
}

const KEPT_MS = 60_000
const DAY_SECONDS = 86_400

/** `/.well-known/authzen-configuration`: where the Authorization API is, plain and signed (§9). */
export const mountAuthzenMetadata = (http: FastifyInstance, parts: AuthzenMetadataParts): void => {
  let kept: { readonly text: string; readonly atMs: number; readonly issuer: string } | undefined
  const documentText = async (): Promise<string> => {
    const issuer = parts.issuer()
    const atMs = parts.clock.monotonicMs()
    if (kept !== undefined && kept.issuer === issuer && atMs - kept.atMs < KEPT_MS) return kept.text
    const document = metadataOf(issuer)
    const iat = Math.floor(parts.clock.now().getTime() / 1000)
    const signed = await parts.signDocument({ iss: issuer, iat, exp: iat + DAY_SECONDS, ...document })
    kept = { text: JSON.stringify({ ...document, signed_metadata: signed }), atMs, issuer }
    return kept.text
  }
  const send = async (reply: FastifyReply): Promise<FastifyReply> =>
    reply
      .header('cache-control', 'public, max-age=300')
      .header('content-type', 'application/json')
      .send(Buffer.from(await documentText()))
  const url = '/.well-known/authzen-configuration'
  http.get(url, (_request, reply) => send(reply))
  // §9.2: an identifier with a path has the well-known name before that path.
  http.get(`${url}/*`, (request: FastifyRequest<{ Params: { '*': string } }>, reply) => {
    if (`/${request.params['*']}` !== new URL(parts.issuer()).pathname) throw coreFault('unknown_operation')
    return send(reply)
  })
}

const metadataOf = (issuer: string) => ({
  policy_decision_point: issuer,
  access_evaluation_endpoint: `${issuer}/access/v1/evaluation`,
  access_evaluations_endpoint: `${issuer}/access/v1/evaluations`,
  search_subject_endpoint: `${issuer}/access/v1/search/subject`,
  search_resource_endpoint: `${issuer}/access/v1/search/resource`,
  search_action_endpoint: `${issuer}/access/v1/search/action`,
})
