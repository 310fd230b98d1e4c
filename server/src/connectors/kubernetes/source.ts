import { keepList } from '../keep-list.ts'
import { memberOf, type Rest, restOf } from '../rest.ts'
import { type Asking, type Source, VendorError, type Writing } from '../vendor.ts'

/** Where the API of a cluster is, by whose certificate, and what the cluster is called. */
export interface KubernetesSettings {
  readonly cluster: string
  readonly server: string
  readonly ca?: string | undefined
}

const PAGE = 500
const PAGES_MAX = 10_000

/** What each part lists, in all namespaces. Secrets are not asked for: to list them is to read them. */
const LISTS: Readonly<Record<string, { readonly path: string; readonly kind: string }>> = {
  serviceaccounts: { path: 'api/v1/serviceaccounts', kind: 'ServiceAccountList' },
  roles: { path: 'apis/rbac.authorization.k8s.io/v1/roles', kind: 'RoleList' },
  rolebindings: { path: 'apis/rbac.authorization.k8s.io/v1/rolebindings', kind: 'RoleBindingList' },
  clusterroles: { path: 'apis/rbac.authorization.k8s.io/v1/clusterroles', kind: 'ClusterRoleList' },
  clusterrolebindings: {
    path: 'apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    kind: 'ClusterRoleBindingList',
  },
  pods: { path: 'api/v1/pods', kind: 'PodList' },
  deployments: { path: 'apis/apps/v1/deployments', kind: 'DeploymentList' },
  statefulsets: { path: 'apis/apps/v1/statefulsets', kind: 'StatefulSetList' },
  daemonsets: { path: 'apis/apps/v1/daemonsets', kind: 'DaemonSetList' },
  jobs: { path: 'apis/batch/v1/jobs', kind: 'JobList' },
  cronjobs: { path: 'apis/batch/v1/cronjobs', kind: 'CronJobList' },
}

/** A cluster: its service accounts, what is bound to them, and what runs as them, as `kubectl get -o json` dumps it. */
export const kubernetesSource = (settings: KubernetesSettings): Source => ({
  read: async (asking) => {
    const rest = clusterRest(settings, asking)
    for (const [part, { path, kind }] of Object.entries(LISTS)) {
      const items = await asking.part<unknown>(part, (take) => pages(rest, path, take))
      if (part === 'serviceaccounts') for (const item of items) targetOf(item, settings.cluster, asking)
      keepList(asking, `clusters/${settings.cluster}/${part}`, items, (some) => ({
        apiVersion: 'v1',
        kind,
        items: some,
      }))
    }
  },
  write: async (asking, { key, set }) => {
    const [, cluster, namespace, name] = KEY.exec(key) ?? []
    if (cluster !== settings.cluster) throw new VendorError('this is no service account of this cluster')
    const labels = Object.fromEntries(Object.entries(set).map(([tag, value]) => [`${LABEL}${tag}`, value]))
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`
    await clusterRest(settings, asking).send(
      ...(['PATCH', path, JSON.stringify({ metadata: { labels } }), 'application/merge-patch+json'] as const),
    )
  },
})

const LABEL = 'reeve.dev/'
const KEY = /^kubernetes:\/([\w.-]{1,60}):serviceaccount\/([a-z0-9.-]{1,253})\/([a-z0-9.-]{1,253})$/

const targetOf = (account: unknown, cluster: string, asking: Pick<Asking, 'target'>): void => {
  const metadata = memberOf(account, 'metadata')
  const [namespace, name] = [memberOf(metadata, 'namespace'), memberOf(metadata, 'name')]
  const labels = memberOf(metadata, 'labels')
  const tags = Object.entries(typeof labels === 'object' && labels !== null ? labels : {}).flatMap(([label, value]) =>
    label.startsWith(LABEL) ? [[label.slice(LABEL.length), String(value)] as const] : [],
  )
  asking.target(`kubernetes:/${cluster}:serviceaccount/${namespace}/${name}`, Object.fromEntries(tags))
}

const clusterRest = ({ server, ca }: KubernetesSettings, asking: Writing): Rest =>
  restOf({ asking, base: server, ca, headers: () => ({ authorization: `Bearer ${asking.secret}` }) })

const pages = async (rest: Rest, path: string, take: (items: readonly unknown[]) => void): Promise<void> => {
  let next = ''
  for (let page = 0; page < PAGES_MAX; page++) {
    const { value } = await rest.get(
      `/${path}?limit=${PAGE}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`,
    )
    const items = memberOf(value, 'items')
    // A list without items leaves them out, or says null.
    if (items !== undefined && items !== null && !Array.isArray(items))
      throw new VendorError('its answer has another form than is documented')
    if (memberOf(value, 'metadata') === undefined) throw new VendorError('its answer is no list')
    take((items ?? []).map(slim))
    const more = memberOf(memberOf(value, 'metadata'), 'continue')
    if (typeof more !== 'string' || more === '') return
    next = more
  }
  throw new VendorError('its pages do not end')
}

/** Without what a server adds for its own use, which is most of an object. */
const slim = (item: unknown): unknown => {
  if (typeof item !== 'object' || item === null) return item
  const { status: _, ...rest }: Record<string, unknown> = { ...item }
  const metadata = rest.metadata
  if (typeof metadata !== 'object' || metadata === null) return rest
  const { managedFields: __, ...kept }: Record<string, unknown> = { ...metadata }
  return { ...rest, metadata: kept }
}
