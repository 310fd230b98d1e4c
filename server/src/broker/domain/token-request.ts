import { JWT_BEARER_GRANT } from './client-proof.ts'

/** What a client asks the token endpoint for. */
export interface TokenRequest {
  readonly resource: string
  /** Empty: everything that is granted there. */
  readonly actions: readonly string[]
  readonly instance: string | undefined
  readonly run: string | undefined
}

/** Why it cannot be read. */
export type TokenRequestProblem =
  | 'grant_type_unsupported'
  | 'parameter_invalid'
  | 'resource_missing'
  | 'resource_not_registered'
  | 'scope_malformed'

/** Reads the parameters of the two grants (RFC 6749 §4.4.2, RFC 7523 §2.1) with RFC 8707's resource. */
export const readTokenRequest = (form: ReadonlyMap<string, string>): TokenRequest | TokenRequestProblem => {
  const grantType = form.get('grant_type')
  if (grantType === undefined) return 'parameter_invalid'
  if (grantType !== 'client_credentials' && grantType !== JWT_BEARER_GRANT) return 'grant_type_unsupported'
  const resource = form.get('resource')
  if (resource === undefined) return 'resource_missing'
  if (resource.length > URI_MAX) return 'resource_not_registered'
  const actions = readScope(form.get('scope'))
  if (actions === undefined) return 'scope_malformed'
  const instance = form.get('instance')
  const run = form.get('workflow_run')
  if (!isLabel(instance) || !isLabel(run)) return 'parameter_invalid'
  return { resource, actions, instance, run }
}

/** Whether a name of an instance or run is short and printable; names in events must not carry anything else. */
export const isLabel = (label: string | undefined): boolean => label === undefined || LABEL.test(label)

const LABEL = /^[\x21-\x7e]{1,128}$/
const URI_MAX = 500
const ACTIONS_MAX = 100
// RFC 6749 §3.3.
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/

const readScope = (scope: string | undefined): readonly string[] | undefined => {
  if (scope === undefined) return []
  const actions = [...new Set(scope.split(' '))]
  return actions.length <= ACTIONS_MAX && actions.every((action) => SCOPE_TOKEN.test(action)) ? actions : undefined
}
