import { type Detail, readDetails } from './authorization-details.ts'
import { JWT_BEARER_GRANT } from './client-proof.ts'
import { isWrongParameter, type WrongParameter, wrongParameter } from './wrong-parameter.ts'

/** What a client asks the token endpoint for. */
export interface TokenRequest {
  readonly resource: string
  /** Empty: everything that is granted there, or nothing where details say what is wanted. */
  readonly actions: readonly string[]
  /** What is wanted more exactly (RFC 9396). */
  readonly details: readonly Detail[]
  /** Who alone may exchange the token (RFC 8693 §4.4). */
  readonly mayAct: string | undefined
  readonly instance: string | undefined
  readonly run: string | undefined
}

/** Why it cannot be read. */
export type TokenRequestProblem =
  | 'grant_type_unsupported'
  | WrongParameter
  | 'resource_missing'
  | 'resource_not_registered'
  | 'scope_malformed'
  | 'details_invalid'

/** Reads the parameters of the two grants (RFC 6749 §4.4.2, RFC 7523 §2.1) with RFC 8707's resource. */
export const readTokenRequest = (form: ReadonlyMap<string, string>): TokenRequest | TokenRequestProblem => {
  const grantType = form.get('grant_type')
  if (grantType === undefined) return wrongParameter('grant_type is missing')
  if (grantType !== 'client_credentials' && grantType !== JWT_BEARER_GRANT) return 'grant_type_unsupported'
  const resource = form.get('resource')
  if (resource === undefined) return 'resource_missing'
  if (resource.length > URI_MAX) return 'resource_not_registered'
  const actions = readScope(form.get('scope'))
  if (actions === undefined) return 'scope_malformed'
  const details = readDetails(form.get('authorization_details'))
  if (details === undefined) return 'details_invalid'
  const named = readNames(form)
  return isWrongParameter(named) ? named : { resource, actions, details, ...named }
}

/** Whom and what a request names besides: who may exchange the token, and what runs. */
export const readNames = (
  form: ReadonlyMap<string, string>,
): Pick<TokenRequest, 'mayAct' | 'instance' | 'run'> | WrongParameter => {
  const mayAct = form.get('may_act')
  const instance = form.get('instance')
  const run = form.get('workflow_run')
  if (!isIdentityId(mayAct)) return wrongParameter('may_act is no id of an identity')
  if (!isLabel(instance)) return wrongParameter(`instance ${NO_LABEL}`)
  if (!isLabel(run)) return wrongParameter(`workflow_run ${NO_LABEL}`)
  return { mayAct, instance, run }
}

const NO_LABEL = 'is longer than 128 characters, or holds others than printable ASCII without spaces'

/** Whether a name of an instance or run is short and printable; names in events must not carry anything else. */
export const isLabel = (label: string | undefined): boolean => label === undefined || LABEL.test(label)

/** Whether this is the id of an identity, or nothing. */
const isIdentityId = (id: string | undefined): boolean => id === undefined || IDENTITY_ID.test(id)

const IDENTITY_ID = /^nhi_[\w-]{1,60}$/
const LABEL = /^[\x21-\x7e]{1,128}$/
/** How long the URI of a resource may be. */
export const URI_MAX = 500
const ACTIONS_MAX = 100
// RFC 6749 §3.3.
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/

/** The actions of a scope; undefined when it is malformed. */
export const readScope = (scope: string | undefined): readonly string[] | undefined => {
  if (scope === undefined) return []
  const actions = [...new Set(scope.split(' '))]
  return actions.length <= ACTIONS_MAX && actions.every((action) => SCOPE_TOKEN.test(action)) ? actions : undefined
}
