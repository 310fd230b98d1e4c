import type { ExportRecord } from '../../exports/records.ts'
import type { SeenInExport } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Trait } from '../../report.ts'
import { federatedMember, isWholePool } from './federated-member.ts'

/** Whom one binding of an IAM policy names, with the role that it gives them; people and groups are left out. */
export const seenInBinding = (
  binding: ExportRecord,
  permissionsOf: ReadonlyMap<string, readonly string[]>,
  file: ScannedFile,
): SeenInExport[] => {
  const role = binding.text('role')
  const on = scopeOf(binding)
  const condition = binding.child('condition').text('expression')
  const because = `role ${role}${condition === '' ? '' : ', under a condition'}`
  const what = on === '' ? `whatever the policy in ${file.baseName} is of` : on
  const where = file.at(binding.line)
  return binding.texts('members').flatMap((member) => {
    const principal = principalOf(member)
    if (!principal) return []
    const trait = (name: string): Trait => ({ trait: name, detail: `${because} on ${what}`, where })
    const isPublic = PUBLIC.has(member)
    // A condition may end it or narrow it; an export cannot tell which.
    const isWide = isWideScope(on) || BASIC.has(role)
    return [
      {
        kind: 'account' as const,
        ...principal,
        line: binding.line,
        evidence: `${because} on ${what}`,
        reaches: [{ what, access: accessOf(role), because }],
        traits: [
          ...(isPublic ? [trait('account:public')] : []),
          ...(!isPublic && isWide && BROAD.has(role) ? [trait('account:broad-role')] : []),
          ...(!isPublic && isWide && becomesOthers(role, permissionsOf) ? [trait('account:impersonates')] : []),
          ...(member.startsWith('deleted:') ? [trait('account:deleted')] : []),
          ...(federatedMember(member)?.facts ?? []).map((fact) => ({ ...fact, where })),
        ],
      },
    ]
  })
}

/** What strangers may call, or become, by a binding, and whom it names. */
export const openToStrangers = (binding: ExportRecord): { readonly what: string; readonly who: string } | undefined => {
  const who = binding.texts('members').find((member) => PUBLIC.has(member) || isWholePool(member))
  const role = binding.text('role')
  const what = scopeOf(binding)
  // A condition may shut out all of them.
  if (who === undefined || what === '' || binding.child('condition').text('expression') !== '') return undefined
  const isAccount = /\/serviceAccounts\/[^/]{3,200}$/.test(what)
  return (isAccount ? BECOMING.has(role) : /invoker$/i.test(role)) ? { what, who: who.slice(0, 200) } : undefined
}

const PUBLIC = new Set(['allUsers', 'allAuthenticatedUsers'])

const BASIC = new Set(['roles/owner', 'roles/editor'])
const BROAD = new Set([
  ...BASIC,
  'roles/resourcemanager.organizationAdmin',
  'roles/resourcemanager.folderAdmin',
  'roles/resourcemanager.projectIamAdmin',
  'roles/iam.securityAdmin',
  'roles/iam.organizationRoleAdmin',
])
const BECOMING = new Set([
  'roles/iam.serviceAccountTokenCreator',
  'roles/iam.serviceAccountUser',
  'roles/iam.serviceAccountAdmin',
  'roles/iam.serviceAccountKeyAdmin',
  'roles/iam.workloadIdentityUser',
])
const BECOMING_PERMISSIONS =
  /^(?:iam\.serviceAccounts\.(?:actAs|getAccessToken|signBlob|signJwt|implicitDelegation|setIamPolicy)|iam\.serviceAccountKeys\.create|resourcemanager\.\w{1,40}\.setIamPolicy|iam\.roles\.update)$/

const becomesOthers = (role: string, permissionsOf: ReadonlyMap<string, readonly string[]>): boolean =>
  BECOMING.has(role) ||
  (!BROAD.has(role) && (permissionsOf.get(role) ?? []).some((one) => BECOMING_PERMISSIONS.test(one)))

const accessOf = (role: string): 'admin' | 'read' | 'write' | 'unknown' =>
  /(?:owner|editor|admin)$/i.test(role) ? 'admin' : /(?:viewer|reader|accessor)$/i.test(role) ? 'read' : 'unknown'

const isWideScope = (on: string): boolean => /(?:^|\/)(?:projects|folders|organizations)\/[^/]{1,100}$/.test(on)

// The policy of an export lies in the answer about its resource, one or two objects further out.
const scopeOf = (binding: ExportRecord): string => {
  let at = binding.parent
  for (let steps = 0; at && steps < 4; steps += 1, at = at.parent) {
    const on =
      at.text('attachedResource', 'fullResourceName', 'resource') ||
      (at.has('policy') || at.has('iamPolicy') ? at.text('name') : '')
    if (on !== '') return on.replace(/^\/\/[a-z]{1,40}\.googleapis\.com\//, '')
  }
  return ''
}

/** The account, pool or stranger that a policy names as a member; nothing for people. */
const principalOf = (member: string): { readonly name: string; readonly key: string } | undefined => {
  if (PUBLIC.has(member)) return { name: `everybody (${member})`, key: `gcp:${member}` }
  const account = /^(?:deleted:)?serviceAccount:([^\s?]{3,300})/.exec(member)?.[1]
  if (account !== undefined) {
    const kubernetes = /^([^[]{1,100})\[([^\]]{1,200})\]$/.exec(account)
    return kubernetes
      ? { name: `Kubernetes account ${kubernetes[2]} of ${kubernetes[1]}`, key: `gcp:${account}` }
      : { name: `service account ${account}`, key: `gcp:${account}` }
  }
  const outside = federatedMember(member)
  return outside && { name: outside.name, key: outside.key }
}
