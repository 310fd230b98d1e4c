import { dayOf } from '../../aws/access-key.ts'
import type { AwsIdentity } from '../../aws/account.ts'
import { readPolicy } from '../../aws/policy.ts'
import type { HeldPolicy } from '../../aws/rights.ts'
import { accountOf, classifyTrust } from '../../aws/trust.ts'
import type { ScannedFile } from '../../file.ts'
import { type JsonObject, objectOf, objectsOf, textOf } from '../../json-value.ts'

/** An account as `get-account-authorization-details`, `list-roles`, `get-role`, `list-users` or `get-user` show it. */
export interface ReadAccount {
  readonly identities: readonly AwsIdentity[]
  readonly groups: number
  readonly policies: number
  /** Roles whose trust policy is none, and policies that hold somebody but whose document is not there. */
  readonly unreadTrusts: number
  readonly unreadPolicies: readonly string[]
  /** The export says itself that it stopped before its end. */
  readonly isCutShort: boolean
  readonly leftOut: number
}

/** Reads the users and roles of an export, with what each of them was given by itself and by its groups. */
export const readAccount = (root: JsonObject, file: ScannedFile): ReadAccount => {
  const documents = new Map(
    objectsOf(root.Policies).map((policy) => [textOf(policy, 'Arn'), readPolicy(defaultVersionOf(policy))]),
  )
  const attached = (list: unknown): HeldPolicy[] =>
    objectsOf(list).map((one) => {
      const arn = textOf(one, 'PolicyArn')
      return { name: textOf(one, 'PolicyName') || arn, arn, statements: documents.get(arn) }
    })
  const inline = (list: unknown): HeldPolicy[] =>
    objectsOf(list).map((one) => ({
      name: textOf(one, 'PolicyName'),
      arn: '',
      statements: readPolicy(one.PolicyDocument),
    }))
  const groups = new Map(
    objectsOf(root.GroupDetailList).map((group) => [
      textOf(group, 'GroupName'),
      [...inline(group.GroupPolicyList), ...attached(group.AttachedManagedPolicies)].map((policy) => ({
        ...policy,
        name: `${policy.name} of group ${textOf(group, 'GroupName')}`,
        // Its members share it.
        arn: policy.arn || `policy of group ${textOf(group, 'GroupName')}`,
      })),
    ]),
  )
  const boundaryOf = (one: JsonObject): HeldPolicy | undefined => {
    const arn = textOf(objectOf(one.PermissionsBoundary), 'PermissionsBoundaryArn')
    return arn === '' ? undefined : { name: arn, arn, statements: documents.get(arn) }
  }
  const lineOf = linesOfArns(file)
  let unreadTrusts = 0
  const identity = (one: JsonObject, type: 'user' | 'role'): AwsIdentity[] => {
    const name = textOf(one, type === 'user' ? 'UserName' : 'RoleName')
    const arn = textOf(one, 'Arn')
    if (!ARN.test(arn) || name === '') return []
    const account = accountOf(arn) ?? ''
    const memberOf = groupNamesOf(one)
    const trust = type === 'role' ? readPolicy(one.AssumeRolePolicyDocument) : undefined
    if (type === 'role' && trust === undefined) unreadTrusts += 1
    const lastUsed = objectOf(one.RoleLastUsed)
    return [
      {
        type,
        name,
        arn,
        account,
        where: file.at(lineOf(arn)),
        held: {
          policies: [
            ...inline(one.UserPolicyList ?? one.RolePolicyList),
            ...attached(one.AttachedManagedPolicies),
            ...memberOf.flatMap((group) => groups.get(group) ?? []),
          ].slice(0, HELD_MAX),
          boundary: boundaryOf(one),
          account,
        },
        groups: memberOf,
        trusts: trust ? classifyTrust(trust, account) : [],
        tags: new Map(objectsOf(one.Tags).map((tag) => [textOf(tag, 'Key').toLowerCase(), textOf(tag, 'Value')])),
        madeOn: dayOf(textOf(one, 'CreateDate')),
        // `list-roles` leaves it out altogether: that a role was never used is said by an empty answer only.
        usedOn: one.RoleLastUsed === undefined ? undefined : dayOf(textOf(lastUsed, 'LastUsedDate')) || 'never',
      },
    ]
  }
  const listed = (details: unknown, list: unknown, single: unknown) => [
    ...objectsOf(details),
    ...objectsOf(list),
    ...objectsOf([single]),
  ]
  const all = [
    ...listed(root.UserDetailList, root.Users, root.User).map((one) => ({ one, type: 'user' as const })),
    ...listed(root.RoleDetailList, root.Roles, root.Role).map((one) => ({ one, type: 'role' as const })),
  ]
  const identities = all.slice(0, IDENTITIES_MAX).flatMap(({ one, type }) => identity(one, type))
  const held = identities.flatMap(({ held: { policies } }) => policies)
  return {
    identities,
    groups: groups.size,
    policies: documents.size,
    unreadTrusts,
    unreadPolicies: [...new Set(held.flatMap(({ arn, statements }) => (statements ? [] : [arn])))],
    isCutShort: root.IsTruncated === true,
    leftOut: Math.max(0, all.length - IDENTITIES_MAX),
  }
}

const ARN = /^arn:[\w-]{1,20}:iam:{1,2}\w{0,12}:[\x21-\x7e]{1,600}$/

// AWS allows 5,000 users in an account, about as many roles, ten groups of a user, and some tens of policies each.
const IDENTITIES_MAX = 20_000
const HELD_MAX = 120
const GROUPS_MAX = 10

const groupNamesOf = (one: JsonObject): string[] =>
  Array.isArray(one.GroupList) ? one.GroupList.slice(0, GROUPS_MAX).filter((name) => typeof name === 'string') : []

const defaultVersionOf = (policy: JsonObject): unknown => {
  const versions = objectsOf(policy.PolicyVersionList)
  return (versions.find(({ IsDefaultVersion }) => IsDefaultVersion === true) ?? versions[0])?.Document
}

/** The line of each ARN where it is the name of something, in one walk over the file. */
const linesOfArns = (file: ScannedFile): ((arn: string) => number) => {
  const lines = new Map<string, number>()
  for (const match of file.latin1().matchAll(/"Arn"[ \t]{0,8}:[ \t]{0,8}"([^"\\\n]{1,700})"/g)) {
    const [, arn = ''] = match
    if (!lines.has(arn)) lines.set(arn, file.lineAt(match.index))
  }
  return (arn) => lines.get(arn) ?? 1
}
