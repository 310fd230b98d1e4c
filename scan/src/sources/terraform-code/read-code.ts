import { OWN_ACCOUNT } from '../../aws/account.ts'
import type { HclBlock } from '../../hcl/hcl-body.ts'
import { type JsonObject, textOf } from '../../json-value.ts'
import type { StateResource } from '../terraform-state/read-state.ts'
import { scopeOf } from './scope.ts'

/** A resource as code declares it, with what will stand for what only a run would tell. */
export interface CodeResource extends StateResource {
  readonly line: number
}

/** How a module's resources are known before any run: the folder is the module. */
export const moduleKey = (repository: string, path: string, address: string): string =>
  `terraform-code:${repository}:${path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.'}#${address}`

/** The ARN that stands for one that the cloud has yet to give. */
export const standInArn = (type: string, key: string): string =>
  `arn:aws:iam::${OWN_ACCOUNT}:${type.replace(/^aws_iam_/, '')}/${key}`

/** The resources of one file; those that another file declares and this one gives rights to are among them. */
export const readCode = (blocks: readonly HclBlock[], keyOf: (address: string) => string): CodeResource[] => {
  const declared = blocks.filter(({ type }) => type === 'resource')
  const here = new Set(declared.map(({ labels }) => `${labels[0]}.${labels[1]}`))
  const elsewhere = new Set<string>()
  const scope = scopeOf(blocks, (address, attribute, textAt) => {
    const known = standIn(address, attribute, textAt, keyOf)
    if (known !== undefined && !here.has(address)) elsewhere.add(address)
    return known
  })
  const found = declared.map(({ labels, body, line }): CodeResource => {
    const [type = '', name = ''] = labels
    const address = `${type}.${name}`
    const attributes = scope.attributesOf(body)
    const own = ownNames(type, address, attributes, keyOf)
    return { address, type, name, isManaged: true, attributes: { ...own, ...attributes }, sensitive: new Set(), line }
  })
  return [
    ...found,
    ...blocks
      .filter(({ type }) => type === 'variable')
      .flatMap((block) => presetOf(block, scope.attributesOf(block.body))),
    ...[...elsewhere]
      .filter((address) => /^aws_iam_(?:user|role)\./.test(address))
      .map((address): CodeResource => {
        const [type = '', name = ''] = address.split('.')
        const attributes = ownNames(type, address, {}, keyOf)
        return { address, type, name, isManaged: true, attributes, sensitive: new Set(), line: 1 }
      }),
  ]
}

// A variable's default is used wherever nobody sets it: what it holds lies in the code.
const presetOf = ({ labels: [name = ''], line }: HclBlock, attributes: JsonObject): CodeResource[] => {
  const { default: preset, sensitive } = attributes
  if (name === '' || typeof preset !== 'string') return []
  return [
    {
      address: `var.${name}`,
      type: 'variable',
      name,
      isManaged: false,
      attributes: { [name]: preset },
      sensitive: new Set(sensitive === true || sensitive === 'true' ? [name] : []),
      line,
    },
  ]
}

// What a run gives to a resource, and others refer to: the same stand-in on both sides joins them.
const ownNames = (
  type: string,
  address: string,
  attributes: JsonObject,
  keyOf: (address: string) => string,
): JsonObject => {
  if (/^aws_iam_(?:user|role|policy|group)$/.test(type)) {
    return { arn: standInArn(type, keyOf(address)), name: address }
  }
  if (type === 'google_service_account') {
    const email = googleEmail((name) => textOf(attributes, name))
    return { email: email ?? keyOf(address) }
  }
  if (/^(?:azuread_application|azuread_service_principal|azurerm_user_assigned_identity)$/.test(type)) {
    return {
      client_id: keyOf(address),
      object_id: `${keyOf(address)}.object`,
      principal_id: `${keyOf(address)}.object`,
    }
  }
  return {}
}

const standIn = (
  address: string,
  attribute: string,
  textAt: (attribute: string) => string,
  keyOf: (address: string) => string,
): string | undefined => {
  const [type = ''] = address.split('.')
  if (address.startsWith('data.aws_caller_identity.') && attribute === 'account_id') return OWN_ACCOUNT
  if (address.startsWith('data.aws_partition.') && attribute === 'partition') return 'aws'
  if (type === 'aws_iam_openid_connect_provider' && attribute === 'arn') {
    const host = textAt('url').replace(/^https:\/\//, '')
    return host === '' ? undefined : `arn:aws:iam::${OWN_ACCOUNT}:oidc-provider/${host}`
  }
  if (/^aws_iam_(?:user|role|policy|group)$/.test(type)) {
    // Of these, `id` is the name, but of a policy.
    return attribute === 'arn' || (type === 'aws_iam_policy' && attribute === 'id')
      ? standInArn(type, keyOf(address))
      : textAt('name') || address
  }
  if (type === 'google_service_account') {
    const email = googleEmail(textAt) ?? keyOf(address)
    return attribute === 'member' ? `serviceAccount:${email}` : email
  }
  if (/^(?:azuread_application|azuread_service_principal|azurerm_user_assigned_identity)$/.test(type)) {
    return attribute === 'object_id' || attribute === 'principal_id' ? `${keyOf(address)}.object` : keyOf(address)
  }
  return undefined
}

const googleEmail = (textAt: (attribute: string) => string): string | undefined => {
  const account = textAt('account_id')
  const project = textAt('project')
  return /^[a-z][a-z0-9-]{4,30}$/.test(account) && /^[a-z][a-z0-9-]{4,30}$/.test(project)
    ? `${account}@${project}.iam.gserviceaccount.com`
    : undefined
}
