import { textOf, textsOf } from '../../json-value.ts'
import type { Reach } from '../../report.ts'
import { federatedMember } from '../gcp/federated-member.ts'
import type { StateResource } from './read-state.ts'

/** That a cloud's identity was given a role over something. */
export interface Binding {
  /** The stable key of whoever has it; undefined where the code leaves a part of it to a variable. */
  readonly holder: string | undefined
  readonly name: string
  readonly reach: Reach
  /** The role is one that gives nearly everything, over more than one thing. */
  readonly isBroad: boolean
  /** Everybody on the internet has it. */
  readonly isPublic: boolean
  /** What is wrong with whoever has it, by itself. */
  readonly facts?: readonly { readonly trait: string; readonly detail: string }[]
}

/** What the bindings of Google Cloud and Azure in a state give, to machines and to everybody; people are left out. */
export const bindingsOf = (resource: StateResource, principals: ReadonlyMap<string, string>): Binding[] =>
  /^google_.{1,80}_iam_(?:member|binding)$/.test(resource.type)
    ? googleBindings(resource)
    : resource.type === 'azurerm_role_assignment'
      ? azureBindings(resource, principals)
      : []

const googleBindings = ({ type, attributes }: StateResource): Binding[] => {
  const role = textOf(attributes, 'role')
  const on = SCOPES.map((scope) => textOf(attributes, scope)).find((text) => text !== '') ?? 'something'
  const isWide = /^google_(?:project|folder|organization)_iam_/.test(type)
  return [...textsOf(attributes.member), ...textsOf(attributes.members)].flatMap((member) => {
    const isPublic = PUBLIC_MEMBERS.has(member)
    const email = /^serviceAccount:([^\s?]{3,300})$/.exec(member)?.[1]
    const outside = federated(member)
    if (!isPublic && email === undefined && outside === undefined) return []
    const access = /(?:owner|admin|editor)$/i.test(role)
      ? 'admin'
      : /(?:viewer|reader)$/i.test(role)
        ? 'read'
        : 'unknown'
    return [
      {
        ...(outside ?? {
          holder: `gcp:${email ?? member}`,
          name: email === undefined ? `everybody (${member})` : `service account ${email}`,
        }),
        reach: { what: on, access, because: `role ${role}` },
        isBroad: isWide && BROAD_ROLES.has(role),
        isPublic,
      },
    ]
  })
}

// Code names the pool by a variable, and may leave more of it to one: of such only what is wrong is told, where it stands.
const federated = (member: string) => {
  const pooled = member.replace(/^(principal(?:Set)?:\/\/iam\.googleapis\.com\/)\$\{[^{}]{0,500}\}/, `$1${SOME_POOL}`)
  const known = pooled.replace(/\$\{[^{}]{0,500}\}/g, 'x')
  const facts = (federatedMember(known)?.facts ?? []).map(({ trait }) => ({ trait, detail: member.slice(0, 250) }))
  if (known !== member)
    return facts.length > 0 ? { holder: undefined, name: `federated ${member.slice(0, 250)}`, facts } : undefined
  const found = federatedMember(member)
  return found && { holder: found.key, name: found.name, facts: found.facts }
}

const SOME_POOL = 'projects/1/locations/global/workloadIdentityPools/x'

const azureBindings = ({ attributes }: StateResource, principals: ReadonlyMap<string, string>): Binding[] => {
  const principal = textOf(attributes, 'principal_id')
  const role = textOf(attributes, 'role_definition_name') || 'a role'
  const scope = textOf(attributes, 'scope')
  if (principal === '' || textOf(attributes, 'principal_type') === 'User') return []
  return [
    {
      holder: principals.get(principal) ?? `azure-principal:${principal}`,
      name: `principal ${principal}`,
      reach: {
        what: scope,
        access: BROAD_ROLES.has(role) ? 'admin' : role === 'Reader' ? 'read' : 'unknown',
        because: `role ${role}`,
      },
      // A resource group or less is one thing; a subscription or a management group is many.
      isBroad: BROAD_ROLES.has(role) && !/\/resourceGroups\//i.test(scope),
      isPublic: false,
    },
  ]
}

const SCOPES = ['bucket', 'service_account_id', 'secret_id', 'topic', 'project', 'folder', 'org_id', 'name', 'location']
const PUBLIC_MEMBERS = new Set(['allUsers', 'allAuthenticatedUsers'])
const BROAD_ROLES = new Set(['roles/owner', 'roles/editor', 'Owner', 'Contributor', 'User Access Administrator'])
