import { type CompactJwt, readCompactJwt } from './compact-jwt.ts'
import { type WrongParameter, wrongParameter } from './wrong-parameter.ts'

/** What a request offers to prove a client with; nothing of it is checked yet. */
export type ClientProof =
  | { readonly method: 'secret'; readonly clientId: string; readonly secret: string }
  | { readonly method: 'assertion'; readonly clientId: string; readonly jwt: CompactJwt }
  /** A certificate that the connection shows (RFC 8705 §2). */
  | { readonly method: 'certificate'; readonly clientId: string }
  /** What the platform of the workload made; whose it is says the trust that it fits. */
  | { readonly method: 'federation'; readonly clientId: string | undefined; readonly proof: PlatformProof }

/** A token of the platform, or a signed request that AWS is to answer. */
export type PlatformProof = CompactJwt | { readonly awsCaller: string }

/** Why there is no proof to look at. */
export type ProofProblem =
  | 'client_proof_missing'
  | 'client_proof_ambiguous'
  | 'assertion_invalid'
  | 'federation_refused'
  | WrongParameter

/** Finds the one proof in a request (RFC 6749 §2.3: a client must not use two methods in one request). */
export const readClientProof = (
  authorization: string | undefined,
  form: ReadonlyMap<string, string>,
  showsCertificate = false,
): ClientProof | ProofProblem => {
  const assertion = form.get('client_assertion')
  const type = form.get('client_assertion_type')
  const secret = form.get('client_secret')
  const isGrant = form.get('grant_type') === JWT_BEARER_GRANT
  const idJag = isGrant ? readIdJag(form) : undefined
  const grant = isGrant && idJag === undefined ? form.get('assertion') : undefined
  const methods = [authorization, assertion ?? type, secret, grant].filter((part) => part !== undefined)
  if (methods.length > 1) return 'client_proof_ambiguous'
  const clientId = form.get('client_id')
  if (isGrant && idJag === undefined)
    return grant === undefined ? wrongParameter('assertion is missing') : readGrant(grant, clientId)
  if (authorization !== undefined) return readBasic(authorization, clientId)
  if (secret !== undefined) return readPost(clientId, secret)
  // A certificate beside another proof is what the token is bound to, and proves nobody.
  if (type === undefined && assertion === undefined)
    return showsCertificate && clientId !== undefined && clientId.length <= CLIENT_ID_MAX
      ? { method: 'certificate', clientId }
      : 'client_proof_missing'
  return assertion === undefined ? wrongParameter('client_assertion is missing') : readTyped(assertion, type, clientId)
}

const readTyped = (
  assertion: string,
  type: string | undefined,
  clientId: string | undefined,
): ClientProof | ProofProblem => {
  if (type === AWS_CALLER_TYPE) return { method: 'federation', clientId, proof: { awsCaller: assertion } }
  if (type === SPIFFE_TYPE) return readGrant(assertion, clientId)
  if (type === ASSERTION_TYPE) return readAssertion(assertion, clientId)
  return wrongParameter(`client_assertion_type is ${type === undefined ? 'missing' : 'none that this server takes'}`)
}

/**
 * The grant of another authorization server for a client that proves itself besides (ID-JAG §3); undefined where the
 * assertion is something else. INVARIANT: by its type alone, and what has it proves nobody.
 */
export const readIdJag = (form: ReadonlyMap<string, string>): CompactJwt | undefined => {
  const jwt = form.get('grant_type') === JWT_BEARER_GRANT ? readCompactJwt(form.get('assertion') ?? '') : undefined
  return jwt !== undefined && isIdJag(jwt) ? jwt : undefined
}

/** RFC 8725 §3.11. */
export const ID_JAG_TYPE = 'oauth-id-jag+jwt'

const isIdJag = ({ header: { typ } }: CompactJwt): boolean =>
  typeof typ === 'string' && typ.toLowerCase().replace(/^application\//, '') === ID_JAG_TYPE

/** RFC 7523 §2.1: the token of the platform is the grant, and nothing else is asked for. */
export const JWT_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
// RFC 7523 §2.2.
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
// Of the SPIFFE profile for OAuth clients, which a JWT-SVID may come with as well as with the other one.
const SPIFFE_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'
// Of our own: `{"headers": {…}}` of a signed GetCallerIdentity request, in base64url.
const AWS_CALLER_TYPE = 'urn:reeve:client-assertion-type:aws-caller'
const CLIENT_ID_MAX = 200
const SECRET_MAX = 200
const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i

/** RFC 6749 §2.3.1: both parts are form-encoded before they are joined. */
const readBasic = (header: string, clientId: string | undefined): ClientProof | ProofProblem => {
  const encoded = BASIC.exec(header)?.[1]
  if (encoded === undefined || encoded.length > 2 * (CLIENT_ID_MAX + SECRET_MAX)) return 'client_proof_missing'
  const pair = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  const id = decodeForm(pair.slice(0, Math.max(colon, 0)))
  const secret = decodeForm(pair.slice(colon + 1))
  if (colon < 1 || id === undefined || secret === undefined) return 'client_proof_missing'
  if (clientId !== undefined && clientId !== id) return 'client_proof_ambiguous'
  return readPost(id, secret)
}

const readPost = (clientId: string | undefined, secret: string): ClientProof | ProofProblem => {
  if (clientId === undefined || clientId.length > CLIENT_ID_MAX || secret.length > SECRET_MAX)
    return 'client_proof_missing'
  return { method: 'secret', clientId, secret }
}

const readAssertion = (assertion: string, clientId: string | undefined): ClientProof | ProofProblem => {
  const jwt = readCompactJwt(assertion)
  // Needed to find the key to verify with; what else it says is read after that.
  const { iss: issuer, sub: subject } = jwt?.claims() ?? {}
  // Who signs for itself is its own issuer; whoever is another one is a platform, and says so by a URL.
  // A JWT-SVID is made for its subject by a trust domain, and need not say who made it.
  const isForeign = (issuer !== subject && isUrl(issuer)) || isSpiffe(subject)
  if (jwt !== undefined && isForeign && isIdJag(jwt)) return 'federation_refused'
  if (jwt !== undefined && isForeign) return { method: 'federation', clientId, proof: jwt }
  if (jwt === undefined || typeof subject !== 'string' || subject.length > CLIENT_ID_MAX) return 'assertion_invalid'
  if (clientId !== undefined && clientId !== subject) return 'client_proof_ambiguous'
  return { method: 'assertion', clientId: subject, jwt }
}

const readGrant = (assertion: string, clientId: string | undefined): ClientProof | ProofProblem => {
  const jwt = readCompactJwt(assertion)
  return jwt === undefined || isIdJag(jwt) ? 'federation_refused' : { method: 'federation', clientId, proof: jwt }
}

const isSpiffe = (subject: unknown): boolean => typeof subject === 'string' && subject.startsWith('spiffe://')

const isUrl = (issuer: unknown): boolean => typeof issuer === 'string' && /^https?:\/\//.test(issuer)

const decodeForm = (part: string): string | undefined => {
  if (!part.includes('%') && !part.includes('+')) return part
  try {
    return decodeURIComponent(part.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
