import { type Detail, readDetails } from './authorization-details.ts'
import { readNames, readScope, URI_MAX } from './token-request.ts'
import { isWrongParameter, type WrongParameter, wrongParameter } from './wrong-parameter.ts'

/** What a client asks of an exchange (RFC 8693 §2.1); nothing of it is checked yet but its form. */
export interface ExchangeRequest {
  readonly subjectToken: string
  readonly actorToken: string | undefined
  /** Where the new token is for; undefined: where the subject token is for. */
  readonly resource: string | undefined
  /** Empty: as much as may be given. */
  readonly actions: readonly string[]
  /** What is wanted more exactly (RFC 9396); undefined: what the subject token says, where it is for the same resource. */
  readonly details: readonly Detail[] | undefined
  /** Who alone may exchange the new token. */
  readonly mayAct: string | undefined
  /** A grant for another authorization server is wanted, in place of a token (ID-JAG §4.3). */
  readonly isIdJag: boolean
  readonly instance: string | undefined
  readonly run: string | undefined
}

/** Why it cannot be read. */
export type ExchangeRequestProblem =
  | WrongParameter
  | 'token_type_unsupported'
  | 'resource_not_registered'
  | 'scope_malformed'
  | 'details_invalid'

/** RFC 8693 §2.1. */
export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
/** RFC 8693 §3: what is answered, and one of the two names for what is taken. */
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'
/** ID-JAG §10.2. */
export const ID_JAG_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:id-jag'
const TYPES: readonly (string | undefined)[] = [ACCESS_TOKEN_TYPE, 'urn:ietf:params:oauth:token-type:jwt']

/** Reads the parameters of an exchange. */
export const readExchangeRequest = (form: ReadonlyMap<string, string>): ExchangeRequest | ExchangeRequestProblem => {
  const subjectToken = form.get('subject_token')
  const actorToken = form.get('actor_token')
  const requestedType = form.get('requested_token_type')
  const hasActorType = form.has('actor_token_type')
  if (subjectToken === undefined) return wrongParameter('subject_token is missing')
  // RFC 8693 §2.1: the type of the actor token is required with it, and must not be there without it.
  if (hasActorType !== (actorToken !== undefined))
    return wrongParameter(hasActorType ? 'actor_token is missing' : 'actor_token_type is missing')
  if (!TYPES.includes(form.get('subject_token_type'))) return 'token_type_unsupported'
  if (hasActorType && !TYPES.includes(form.get('actor_token_type'))) return 'token_type_unsupported'
  const isIdJag = requestedType === ID_JAG_TOKEN_TYPE
  if (requestedType !== undefined && !isIdJag && !TYPES.includes(requestedType)) return 'token_type_unsupported'
  const unfit = isIdJag ? whyNoIdJag(form) : undefined
  if (unfit !== undefined) return wrongParameter(unfit)
  const resource = readAudience(form)
  if (resource === NOT_ONE) return 'resource_not_registered'
  const actions = readScope(form.get('scope'))
  if (actions === undefined) return 'scope_malformed'
  const asked = form.get('authorization_details')
  const details = readDetails(asked)
  if (details === undefined) return 'details_invalid'
  const named = readNames(form)
  if (isWrongParameter(named)) return named
  return {
    subjectToken,
    actorToken,
    resource,
    actions,
    details: asked === undefined ? undefined : details,
    isIdJag,
    ...named,
  }
}

const whyNoIdJag = (form: ReadonlyMap<string, string>): string | undefined => {
  if (!form.has('audience')) return 'audience is missing, which names the other authorization server'
  // What is behind the other server is that server's to know.
  return ['actor_token', 'resource']
    .find((name) => form.has(name))
    ?.concat(' is not taken for a grant to another server')
}

const NOT_ONE = Symbol('several, or none that could be one')

// A token is for one audience: two names for it have to be one.
const readAudience = (form: ReadonlyMap<string, string>): string | undefined | typeof NOT_ONE => {
  const resource = form.get('resource') ?? form.get('audience')
  if (resource === undefined) return undefined
  return (form.get('audience') ?? resource) === resource && resource.length <= URI_MAX ? resource : NOT_ONE
}
