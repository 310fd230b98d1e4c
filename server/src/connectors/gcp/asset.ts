import { memberOf } from '../rest.ts'
import { VendorError } from '../vendor.ts'

/** What a service of Google says of one thing; nothing of it is believed. */
export type Resource = Readonly<Record<string, unknown>>

/** An asset as the API of its own service shows it, which is what its parser reads; nothing of what is being deleted. */
export const fromAsset = (asset: unknown): readonly Resource[] => {
  const name = memberOf(asset, 'name')
  const data = memberOf(memberOf(asset, 'resource'), 'data')
  if (typeof name !== 'string' || typeof data !== 'object' || data === null || Array.isArray(data))
    throw new VendorError('its answer has another form than is documented')
  const resource: Resource = { ...data }
  if (resource.state === 'DELETED' || resource.deleteTime !== undefined) return []
  // The name of an asset begins with its service, that of a resource does not.
  const own = name.replace(/^\/\/[a-z0-9-]{1,60}\.googleapis\.com\//, '')
  return [{ name: own, ...(memberOf(asset, 'assetType') === SECRET ? { replication: {} } : {}), ...resource }]
}

// A secret of one region says nothing of its replication, by which its parser knows a list of secrets.
const SECRET = 'secretmanager.googleapis.com/Secret'

/** The providers of pools; one of a pool that is off takes no token, whatever it says itself. */
export const federationOf = (all: readonly Resource[]): readonly Resource[] => {
  const off = new Set(all.filter(({ disabled }) => disabled === true).map(({ name }) => name))
  return all.flatMap((each) => {
    const [, pool] = /^(.{1,200})\/providers\/[^/]{1,60}$/.exec(String(each.name)) ?? []
    if (pool === undefined) return []
    return [off.has(pool) ? { ...each, disabled: true } : each]
  })
}

/** Where each kind of workload says as which account it runs. */
const RUNS_AS: readonly (readonly string[])[] = [
  ['serviceAccountEmail'],
  ['serviceConfig', 'serviceAccountEmail'],
  ['nodeConfig', 'serviceAccount'],
  ['spec', 'template', 'spec', 'serviceAccountName'],
  ['spec', 'template', 'spec', 'template', 'spec', 'serviceAccountName'],
  ['template', 'serviceAccount'],
  ['template', 'template', 'serviceAccount'],
]
const ACCOUNT = /gserviceaccount\.com$/

/** Of what runs, its name and the accounts that it runs as: the rest is large, and may hold secrets in its settings. */
export const accountsRunning = (all: readonly Resource[]): readonly Resource[] =>
  all.flatMap((each) => {
    const found = [
      ...listOf(each.serviceAccounts).map((one) => memberOf(one, 'email')),
      ...listOf(each.nodePools).map((pool) => memberOf(memberOf(pool, 'config'), 'serviceAccount')),
      ...RUNS_AS.map((path) => path.reduce<unknown>(memberOf, each)),
    ].filter((email) => typeof email === 'string' && ACCOUNT.test(email))
    const name = String(memberOf(each.metadata, 'name') ?? each.name)
      .split('/')
      .at(-1)
    return [...new Set(found)].map((email) => ({ name, serviceAccountEmail: email }))
  })

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

// People and groups are nobody's to govern here, and most of a policy.
const PERSON = /^(?:deleted:)?(?:user|group|domain):/

/** What somebody may do, without people and groups. */
export const withoutPeople = (results: readonly unknown[]): readonly unknown[] =>
  results.flatMap((result) => {
    const policy = memberOf(result, 'policy')
    const bindings = memberOf(policy, 'bindings')
    // A policy that binds nobody leaves its bindings out.
    if (policy === undefined || (bindings !== undefined && !Array.isArray(bindings)))
      throw new VendorError('its answer has another form than is documented')
    const kept = (bindings ?? []).flatMap((binding: unknown) => {
      const members = memberOf(binding, 'members')
      const machines = Array.isArray(members) ? members.filter((member) => !PERSON.test(String(member))) : []
      if (machines.length === 0) return []
      return [{ role: memberOf(binding, 'role'), members: machines, condition: memberOf(binding, 'condition') }]
    })
    return kept.length === 0 ? [] : [{ resource: memberOf(result, 'resource'), policy: { bindings: kept } }]
  })

/** The roles of somebody's own making that these policies give. */
export const rolesIn = (results: readonly unknown[], roles: readonly Resource[]): readonly Resource[] => {
  const given = new Set(
    results.flatMap((result) => {
      const bindings = memberOf(memberOf(result, 'policy'), 'bindings')
      return Array.isArray(bindings) ? bindings.map((binding) => memberOf(binding, 'role')) : []
    }),
  )
  return roles.filter(({ name }) => given.has(name))
}
