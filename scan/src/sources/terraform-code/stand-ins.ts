import { OWN_ACCOUNT } from '../../aws/account.ts'
import type { JsonObject } from '../../json-value.ts'
import { unknownName } from '../terraform-state/unknown-name.ts'
import { isKnownText } from './known.ts'

/** What a provider's settings say of all that it makes. */
export interface Defaults {
  /** Of AWS, where one alone is allowed. */
  readonly account: string | undefined
  /** Of Google Cloud. */
  readonly project: string | undefined
}

/** A resource, before any run. */
export interface Unmade {
  readonly type: string
  readonly address: string
  /** By its folder and its address: what it is known by that has no name of its own yet. */
  readonly key: string
  readonly defaults: Defaults
  /** The text of an attribute that its block sets; empty where it is not known. */
  textAt(attribute: string): string
}

/** How a module's resources are known before any run: the folder is the module. */
export const moduleKey = (repository: string, folder: string, address: string): string =>
  `terraform-code:${repository}:${folder === '' ? '.' : folder}#${address}`

/** What a run gives to a resource, and others refer to: the same stand-in on both sides joins them. */
export const ownNames = (of: Unmade): JsonObject => {
  if (OF_AWS.test(of.type)) return { arn: arnOf(of), name: of.address }
  if (of.type === 'google_service_account') return { email: emailOf(of) }
  if (OF_AZURE.test(of.type))
    return { client_id: of.key, object_id: `${of.key}.object`, principal_id: `${of.key}.object` }
  return {}
}

/** What stands for an attribute that is not written out: an ARN, say. Nothing where nothing can. */
export const standIn = (of: Unmade, attribute: string): string | undefined => {
  if (OF_AWS.test(of.type)) return ofAws(of, attribute)
  if (of.type === 'google_service_account') {
    if (attribute === 'member') return `serviceAccount:${emailOf(of)}`
    if (attribute === 'name' || attribute === 'id') return `projects/-/serviceAccounts/${emailOf(of)}`
    return attribute === 'email' ? emailOf(of) : undefined
  }
  if (OF_AZURE.test(of.type) && AZURE_IDS.has(attribute))
    return attribute === 'object_id' || attribute === 'principal_id' ? `${of.key}.object` : of.key
  return aroundAws(of, attribute)
}

const ofAws = (of: Unmade, attribute: string): string | undefined => {
  if (attribute === 'arn') return arnOf(of)
  // Of these, `id` is the name, but of a policy.
  if (attribute === 'id' && of.type === 'aws_iam_policy') return arnOf(of)
  return attribute === 'id' || attribute === 'name' ? nameOf(of) : undefined
}

const aroundAws = (of: Unmade, attribute: string): string | undefined => {
  const account = of.defaults.account ?? OWN_ACCOUNT
  if (of.type === 'data.aws_caller_identity' && attribute === 'account_id') return account
  if (of.type === 'data.aws_partition' && attribute === 'partition') return 'aws'
  if (of.type !== 'aws_iam_openid_connect_provider' || attribute !== 'arn') return undefined
  const host = of.textAt('url').replace(/^https:\/\//, '')
  return isKnownText(host) && host !== '' ? `arn:aws:iam::${account}:oidc-provider/${host}` : undefined
}

const OF_AWS = /^aws_iam_(?:user|role|policy|group)$/
const OF_AZURE = /^(?:azuread_application|azuread_service_principal|azurerm_user_assigned_identity)$/
const AZURE_IDS = new Set(['id', 'client_id', 'application_id', 'object_id', 'principal_id'])

const nameOf = ({ address, textAt }: Unmade): string => {
  const name = textAt('name')
  return name === '' ? address : isKnownText(name) ? name : unknownName(address)
}

// The one that the cloud will give, where account and name are written out.
const arnOf = ({ type, key, defaults, textAt }: Unmade): string => {
  const name = textAt('name')
  const path = textAt('path') || '/'
  const isWhole =
    defaults.account !== undefined && name !== '' && isKnownText(name) && /^\/(?:[^$]{0,500}\/)?$/.test(path)
  const what = isWhole ? `${path}${name}` : `/${key}`
  return `arn:aws:iam::${defaults.account ?? OWN_ACCOUNT}:${type.replace(/^aws_iam_/, '')}${what}`
}

const emailOf = ({ key, defaults, textAt }: Unmade): string => {
  const account = textAt('account_id')
  const project = textAt('project') || (defaults.project ?? '')
  return /^[a-z][a-z0-9-]{4,30}$/.test(account) && /^[a-z][a-z0-9-]{4,30}$/.test(project)
    ? `${account}@${project}.iam.gserviceaccount.com`
    : key
}
