import { dayOf } from '../../aws/access-key.ts'
import type { AwsIdentity } from '../../aws/account.ts'
import { readPolicy } from '../../aws/policy.ts'
import type { HeldPolicy } from '../../aws/rights.ts'
import { accountOf, classifyTrust } from '../../aws/trust.ts'
import { type JsonObject, objectOf, objectsOf, textOf, textsOf } from '../../json-value.ts'
import type { Location } from '../../report.ts'
import type { StateResource } from './read-state.ts'
import { unknownName } from './unknown-name.ts'

/** The users and roles of AWS that a state has made, with what its other resources give them. */
export const awsIdentitiesOf = (
  resources: readonly StateResource[],
  at: (resource: StateResource) => { readonly where: Location; readonly fallbackArn: string },
): AwsIdentity[] => {
  const held = grantsOf(resources)
  return resources.flatMap((resource): AwsIdentity[] => {
    const type = TYPES.get(resource.type)
    if (!type || !resource.isManaged) return []
    const { attributes } = resource
    const { where, fallbackArn } = at(resource)
    const name = textOf(attributes, 'name') || resource.address
    const arn = textOf(attributes, 'arn') || fallbackArn
    const account = accountOf(arn) ?? ''
    // In code, the names of two may be unknown, and read alike.
    const holder = name.includes('${') ? unknownName(resource.address) : name
    const groups = type === 'user' ? (held.groupsOf.get(holder) ?? []) : []
    const trust = type === 'role' ? readPolicy(attributes.assume_role_policy) : undefined
    const boundary = textOf(attributes, 'permissions_boundary')
    return [
      {
        type,
        name,
        arn,
        account,
        where,
        held: {
          policies: [
            ...ownPolicies(attributes, held.documents),
            ...(held.byHolder.get(`${type} ${holder}`) ?? []),
            ...groups.flatMap((group) => held.byHolder.get(`group ${group}`) ?? []),
          ].slice(0, HELD_MAX),
          boundary:
            boundary === '' ? undefined : { name: boundary, arn: boundary, statements: held.documents.get(boundary) },
          account,
        },
        groups,
        trusts: trust ? classifyTrust(trust, account) : [],
        tags: new Map(
          Object.entries(objectOf(attributes.tags)).flatMap(([key, value]) =>
            typeof value === 'string' ? [[key.toLowerCase(), value] as const] : [],
          ),
        ),
        madeOn: dayOf(textOf(attributes, 'create_date')),
        usedOn: undefined,
      },
    ]
  })
}

const TYPES = new Map<string, 'user' | 'role'>([
  ['aws_iam_user', 'user'],
  ['aws_iam_role', 'role'],
])
const HELD_MAX = 200

type Documents = ReadonlyMap<string, ReturnType<typeof readPolicy>>

const ownPolicies = (attributes: JsonObject, documents: Documents): HeldPolicy[] => [
  ...objectsOf(attributes.inline_policy)
    .filter((policy) => textOf(policy, 'policy') !== '')
    .map((policy) => ({ name: textOf(policy, 'name') || 'inline', arn: '', statements: readPolicy(policy.policy) })),
  ...textsOf(attributes.managed_policy_arns).map((arn) => ({ name: arn, arn, statements: documents.get(arn) })),
]

// Terraform gives a policy to its holder by a resource of its own: each kind of them once.
const grantsOf = (resources: readonly StateResource[]) => {
  const documents = new Map<string, ReturnType<typeof readPolicy>>()
  const byHolder = new Map<string, HeldPolicy[]>()
  const groupsOf = new Map<string, string[]>()
  const give = (holder: string, policy: HeldPolicy) =>
    byHolder.set(holder, [...(byHolder.get(holder) ?? []).slice(0, HELD_MAX), policy])
  const join = (user: string, group: string) =>
    groupsOf.set(user, [...(groupsOf.get(user) ?? []).slice(0, HELD_MAX), group])
  for (const { type, attributes } of resources) {
    if (type === 'aws_iam_policy') documents.set(textOf(attributes, 'arn'), readPolicy(attributes.policy))
  }
  for (const { type, attributes } of resources) {
    for (const { holder, policy } of gifts(type, attributes, documents)) give(holder, policy)
    for (const [user, group] of memberships(type, attributes)) join(user, group)
  }
  return { documents, byHolder, groupsOf }
}

const gifts = (
  type: string,
  attributes: JsonObject,
  documents: Documents,
): { holder: string; policy: HeldPolicy }[] => {
  const inline = /^aws_iam_(user|role|group)_policy$/.exec(type)?.[1]
  if (inline) {
    const policy = { name: textOf(attributes, 'name'), arn: '', statements: readPolicy(attributes.policy) }
    return [{ holder: `${inline} ${textOf(attributes, inline)}`, policy }]
  }
  if (!/^aws_iam_(?:(?:user|role|group)_)?policy_attachment$/.test(type)) return []
  const arn = textOf(attributes, 'policy_arn')
  const policy = { name: arn, arn, statements: documents.get(arn) }
  return HOLDERS.flatMap((holder) =>
    [...textsOf(attributes[holder]), ...textsOf(attributes[`${holder}s`])].map((name) => ({
      holder: `${holder} ${name}`,
      policy,
    })),
  )
}

const memberships = (type: string, attributes: JsonObject): (readonly [string, string])[] => {
  if (type === 'aws_iam_user_group_membership') {
    return textsOf(attributes.groups).map((group) => [textOf(attributes, 'user'), group] as const)
  }
  return type === 'aws_iam_group_membership'
    ? textsOf(attributes.users).map((user) => [user, textOf(attributes, 'group')] as const)
    : []
}

const HOLDERS = ['user', 'role', 'group'] as const
