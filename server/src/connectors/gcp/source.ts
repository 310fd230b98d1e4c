import { type ApiName, apiOf, tokenPages } from '../google/api.ts'
import { type GoogleSettings, googleCredential } from '../google/credential.ts'
import { keepList } from '../keep-list.ts'
import { memberOf, type Rest } from '../rest.ts'
import { type Asking, type Source, VendorError, type Writing } from '../vendor.ts'
import { accountsRunning, federationOf, fromAsset, type Resource, rolesIn, withoutPeople } from './asset.ts'

/** Below what it is asked, and as whom. */
export interface GcpSettings extends GoogleSettings {
  /** `organizations/1`, `folders/1` or `projects/ID`. */
  readonly scope: string
}

const SCOPES = ['https://www.googleapis.com/auth/cloud-platform']

/** The assets of each part, in the words of Cloud Asset Inventory. */
const TYPES = {
  'service-accounts': ['iam.googleapis.com/ServiceAccount'],
  'service-account-keys': ['iam.googleapis.com/ServiceAccountKey'],
  'workload-identity': ['iam.googleapis.com/WorkloadIdentityPool', 'iam.googleapis.com/WorkloadIdentityPoolProvider'],
  'api-keys': ['apikeys.googleapis.com/Key'],
  secrets: ['secretmanager.googleapis.com/Secret'],
  workloads: [
    'cloudfunctions.googleapis.com/CloudFunction',
    'cloudfunctions.googleapis.com/Function',
    'compute.googleapis.com/Instance',
    'container.googleapis.com/Cluster',
    'run.googleapis.com/Job',
    'run.googleapis.com/Service',
  ],
  roles: ['iam.googleapis.com/Role'],
} as const

/** Everything of Google Cloud below one place, as Cloud Asset Inventory tells it. */
export const gcpSource = (settings: GcpSettings): Source => ({
  read: async (asking) => {
    const { scope } = settings
    const rest = apiAs(settings, asking, 'cloudasset')
    const listed = (part: keyof typeof TYPES, shape?: Shape) => assetsOf({ asking, rest, scope }, part, shape)
    keepList(asking, `${scope}/service-accounts`, await listed('service-accounts'))
    keepList(asking, `${scope}/service-account-keys`, await listed('service-account-keys'))
    keepList(asking, `${scope}/workload-identity`, federationOf(await listed('workload-identity')))
    keepList(asking, `${scope}/workloads`, await listed('workloads', accountsRunning))
    const [keys, secrets] = [await listed('api-keys'), await listed('secrets')]
    for (const each of [...keys, ...secrets]) targetOf(each, asking)
    keepList(asking, `${scope}/api-keys`, keys)
    keepList(asking, `${scope}/secrets`, secrets)
    const roles = await listed('roles')
    const policies = await asking.part<unknown>('policies', (take) =>
      tokenPages(rest, `/v1/${scope}:searchAllIamPolicies?pageSize=500`, 'results', (some) =>
        take(withoutPeople(some)),
      ),
    )
    // Its parser looks for what a role lets do beside the policies that give it.
    keepList(asking, `${scope}/policies`, policies, (some) => ({ roles: rolesIn(some, roles), results: some }))
  },
  write: async (asking, { key, set }) => {
    const labelled = LABELLED.find(({ form }) => form.test(key))
    if (labelled === undefined) throw new VendorError('this is no secret and no key of an API of Google Cloud')
    const { api, version, field, prefix } = labelled
    const rest = apiAs(settings, asking, api)
    const path = `/${version}/${key.slice('gcp:'.length)}`
    const { value } = await rest.get(path)
    // All of them are written at once: what somebody changes meanwhile is refused by its etag, and is ours to read again.
    const labels = { ...labelsOf(value, field), ...named(set, (name) => `${prefix}${name}`) }
    const etag = memberOf(value, 'etag')
    if (typeof etag !== 'string') throw new VendorError('its answer has another form than is documented')
    const body = JSON.stringify({ [field]: labels, etag })
    await rest.send('PATCH', `${path}?updateMask=${field}`, body, 'application/json')
  },
})

/** What can be labelled. Service accounts have no labels. */
const LABELLED: readonly {
  readonly form: RegExp
  readonly api: ApiName
  readonly version: string
  readonly field: string
  readonly prefix: string
}[] = [
  {
    form: /^gcp:projects\/[\w.:-]{1,60}\/secrets\/[\w-]{1,255}$/,
    ...{ api: 'secretmanager', version: 'v1', field: 'labels', prefix: 'reeve-' },
  },
  {
    form: /^gcp:projects\/[\w.:-]{1,60}\/locations\/global\/keys\/[\w-]{1,80}$/,
    ...{ api: 'apikeys', version: 'v2', field: 'annotations', prefix: 'reeve.dev/' },
  },
]

const apiAs = (settings: GcpSettings, asking: Writing, name: ApiName): Rest =>
  apiOf(name, { ...settings, asking, headers: googleCredential(settings, asking, { scopes: SCOPES }) })

type Shape = (all: readonly Resource[]) => readonly Resource[]

const assetsOf = (
  { asking, rest, scope }: { readonly asking: Asking; readonly rest: Rest; readonly scope: string },
  part: keyof typeof TYPES,
  // Page by page: all that runs in an organisation, with all that is said of it, is more than is kept.
  shape: Shape = (all) => all,
): Promise<readonly Resource[]> => {
  const types = TYPES[part].map((type) => `&assetTypes=${encodeURIComponent(type)}`).join('')
  const path = `/v1/${scope}/assets?contentType=RESOURCE&pageSize=1000${types}`
  return asking.part(part, (take) => tokenPages(rest, path, 'assets', (some) => take(shape(some.flatMap(fromAsset)))))
}

const targetOf = (resource: Resource, asking: Pick<Asking, 'target'>): void => {
  const key = `gcp:${String(resource.name)}`
  const labelled = LABELLED.find(({ form }) => form.test(key))
  if (labelled === undefined) return
  const { field, prefix } = labelled
  const ours = Object.entries(labelsOf(resource, field)).filter(([name]) => name.startsWith(prefix))
  asking.target(key, Object.fromEntries(ours.map(([name, value]) => [name.slice(prefix.length), value])))
}

const labelsOf = (resource: unknown, field: string): Readonly<Record<string, string>> => {
  const labels = memberOf(resource, field)
  return named(typeof labels === 'object' && labels !== null ? labels : {}, (name) => name)
}

const named = (of: object, nameOf: (name: string) => string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [nameOf(name), String(value)]))
