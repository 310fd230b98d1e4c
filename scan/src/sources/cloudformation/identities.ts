import type { AwsIdentity } from '../../aws/account.ts'
import { OWN_ACCOUNT } from '../../aws/account.ts'
import { readPolicy } from '../../aws/policy.ts'
import type { HeldPolicy } from '../../aws/rights.ts'
import { classifyTrust } from '../../aws/trust.ts'
import type { ScannedFile } from '../../file.ts'
import { isObject, type JsonObject, objectOf, objectsOf, textOf, textsOf } from '../../json-value.ts'
import type { TemplateResource } from './template.ts'

/** The users and roles that a template makes, with all that it gives them; those of serverless functions among them. */
export const identitiesOf = (
  resources: readonly TemplateResource[],
  arnOf: (type: string, id: string) => string,
  file: ScannedFile,
): AwsIdentity[] => {
  const given = gifts(resources, arnOf)
  return resources.flatMap(({ id, type, line, properties }): AwsIdentity[] => {
    const is = TYPES.get(type)
    if (!is || (is === 'function' && properties.Role !== undefined)) return []
    const { kind, nameIn, fallback, trustIn } = OF[is]
    const name = textOf(properties, nameIn) || fallback(id)
    const groups = kind === 'user' ? [...textsOf(properties.Groups), ...(given.groupsOf.get(name) ?? [])] : []
    const trust = trustIn(properties)
    const boundary = textOf(properties, 'PermissionsBoundary')
    return [
      {
        type: kind,
        name,
        arn: arnOf(type, id),
        account: OWN_ACCOUNT,
        where: file.at(line),
        held: {
          policies: [
            ...ownPolicies(properties, given.documents),
            ...(given.byHolder.get(`${kind} ${name}`) ?? []),
            ...groups.flatMap((group) => given.byHolder.get(`group ${group}`) ?? []),
          ].slice(0, HELD_MAX),
          boundary:
            boundary === '' ? undefined : { name: boundary, arn: boundary, statements: given.documents.get(boundary) },
          account: OWN_ACCOUNT,
        },
        groups,
        trusts: trust ? classifyTrust(trust, OWN_ACCOUNT) : [],
        tags: tagsOf(properties.Tags),
        madeOn: '',
        usedOn: undefined,
      },
    ]
  })
}

const TYPES = new Map<string, 'user' | 'role' | 'function'>([
  ['AWS::IAM::User', 'user'],
  ['AWS::IAM::Role', 'role'],
  ['AWS::Serverless::Function', 'function'],
])
const HELD_MAX = 200
const LAMBDA = readPolicy({
  Statement: { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
})

interface IdentityType {
  readonly kind: 'user' | 'role'
  readonly nameIn: string
  /** Its name where the template gives it none. */
  fallback(id: string): string
  trustIn(properties: JsonObject): ReturnType<typeof readPolicy>
}
const OF: Readonly<Record<'user' | 'role' | 'function', IdentityType>> = {
  user: { kind: 'user', nameIn: 'UserName', fallback: (id) => id, trustIn: () => undefined },
  role: {
    kind: 'role',
    nameIn: 'RoleName',
    fallback: (id) => id,
    trustIn: ({ AssumeRolePolicyDocument }) => readPolicy(AssumeRolePolicyDocument),
  },
  function: { kind: 'role', nameIn: 'RoleName', fallback: (id) => `${id}Role`, trustIn: () => LAMBDA },
}

type Documents = ReadonlyMap<string, ReturnType<typeof readPolicy>>

// `Policies` of a role are documents; of a serverless function they may be names, documents and templates as well.
const ownPolicies = (properties: JsonObject, documents: Documents): HeldPolicy[] => {
  const { Policies: own, ManagedPolicyArns: managed } = properties
  const list = Array.isArray(own) ? own : own === undefined ? [] : [own]
  return [
    ...list.flatMap((one): HeldPolicy[] => {
      if (typeof one === 'string') return [policyNamed(one, documents)]
      if (!isObject(one)) return []
      const statements = readPolicy(one.PolicyDocument ?? one)
      return [{ name: textOf(one, 'PolicyName') || Object.keys(one)[0] || 'inline', arn: '', statements }]
    }),
    ...textsOf(managed).map((arn) => policyNamed(arn, documents)),
  ]
}

const policyNamed = (name: string, documents: Documents): HeldPolicy => {
  const arn = name.startsWith('arn:') ? name : `arn:aws:iam::aws:policy/${name}`
  return { name, arn, statements: documents.get(name) }
}

const tagsOf = (tags: unknown): Map<string, string> =>
  new Map(
    isObject(tags)
      ? Object.entries(tags).flatMap(([key, value]) => (typeof value === 'string' ? [[key.toLowerCase(), value]] : []))
      : objectsOf(tags).map((tag) => [textOf(tag, 'Key').toLowerCase(), textOf(tag, 'Value')]),
  )

const gifts = (resources: readonly TemplateResource[], arnOf: (type: string, id: string) => string) => {
  const documents = new Map<string, ReturnType<typeof readPolicy>>()
  const byHolder = new Map<string, HeldPolicy[]>()
  const groupsOf = new Map<string, string[]>()
  const give = (holder: string, policies: readonly HeldPolicy[]) =>
    byHolder.set(holder, [...(byHolder.get(holder) ?? []), ...policies].slice(0, HELD_MAX))
  for (const { id, type, properties } of resources) {
    if (type === 'AWS::IAM::ManagedPolicy') documents.set(arnOf(type, id), readPolicy(properties.PolicyDocument))
  }
  for (const { id, type, properties } of resources) {
    if (type === 'AWS::IAM::Group')
      give(`group ${textOf(properties, 'GroupName') || id}`, ownPolicies(properties, documents))
    if (type === 'AWS::IAM::UserToGroupAddition')
      for (const user of textsOf(properties.Users))
        groupsOf.set(user, [...(groupsOf.get(user) ?? []), textOf(properties, 'GroupName')].slice(0, HELD_MAX))
    for (const [holder, policy] of policyGifts(id, type, properties)) give(holder, [policy])
  }
  return { documents, byHolder, groupsOf }
}

const policyGifts = (id: string, type: string, properties: JsonObject): (readonly [string, HeldPolicy])[] => {
  if (!/^AWS::IAM::(?:ManagedPolicy|Policy|RolePolicy|UserPolicy|GroupPolicy)$/.test(type)) return []
  const name = textOf(properties, 'PolicyName') || id
  const policy = { name, arn: '', statements: readPolicy(properties.PolicyDocument) }
  return HOLDERS.flatMap(([holder, ...lists]) =>
    lists.flatMap((list) => textsOf(objectOf(properties)[list])).map((held) => [`${holder} ${held}`, policy] as const),
  )
}

const HOLDERS = [
  ['role', 'Roles', 'RoleName'],
  ['user', 'Users', 'UserName'],
  ['group', 'Groups', 'GroupName'],
] as const
