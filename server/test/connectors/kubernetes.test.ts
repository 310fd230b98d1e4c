import assert from 'node:assert/strict'
import { findingRules } from '../live.ts'
import { onEveryEngine } from '../room.ts'
import { type FakeVendor, passesSuite } from './fake-vendor.ts'
import { tagsAreWritten } from './tags-are-written.ts'

// The API of Kubernetes as its reference has it: two items a page, continued by a token in the metadata of the list.

const PAGE = 2
const SECRET = 'the token of a service account'
const metadata = (name: string) => ({ name, namespace: 'shop', managedFields: [{ manager: 'kubectl' }], uid: name })
const account = (name: string) => ({ metadata: metadata(name) })

type Lists = Record<string, unknown[]>

const lists = (): Lists => ({
  '/api/v1/serviceaccounts': ['orders', 'batch', 'site'].map(account),
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings': [
    {
      metadata: { name: 'orders-admin' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'orders', namespace: 'shop' }],
    },
  ],
  '/apis/rbac.authorization.k8s.io/v1/clusterroles': [
    { metadata: { name: 'cluster-admin' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
  ],
  '/apis/apps/v1/deployments': [
    {
      metadata: metadata('orders'),
      spec: { template: { spec: { serviceAccountName: 'orders', containers: [{ name: 'orders', image: 'orders' }] } } },
      status: { replicas: 1 },
    },
  ],
})

const fakeCluster = (all: Lists): FakeVendor => ({
  vendor: 'kubernetes',
  secret: SECRET,
  settings: (url) => ({ cluster: 'east', server: url }),
  partOf: ({ url }) => url.pathname.split('/').at(-1) ?? '',
  answer: ({ url: { pathname, searchParams }, headers }) => {
    if (headers.authorization !== `Bearer ${SECRET}`) return { status: 401, body: '{}' }
    const from = Number(searchParams.get('continue') ?? '0')
    const items = all[pathname] ?? []
    const more = items.length > from + PAGE ? { continue: String(from + PAGE) } : {}
    const found = items.length === 0 ? null : items.slice(from, from + PAGE)
    return {
      body: JSON.stringify({
        kind: 'List',
        apiVersion: 'v1',
        metadata: { resourceVersion: '1', ...more },
        items: found,
      }),
    }
  },
})

const keyOf = (name: string): string => `kubernetes:/east:serviceaccount/shop/${name}`

onEveryEngine(
  'a cluster of Kubernetes: pages, requests to wait, a right that lacks, an answer that is cut',
  async (room, t) => {
    const all = lists()
    const accounts = all['/api/v1/serviceaccounts'] ?? []
    const { live, vendor } = await passesSuite(room, t, {
      fake: fakeCluster(all),
      keys: ['orders', 'batch', 'site'].map(keyOf),
      part: 'serviceaccounts',
      needs: /\(403\): it takes list of serviceaccounts/,
      takeAway: { key: keyOf('site'), act: () => void accounts.pop() },
    })
    assert.ok((await findingRules(live, keyOf('orders'))).includes('kubernetes/cluster-admin'))
    assert.ok(
      vendor.asked.every(({ url }) => !url.pathname.endsWith('/secrets')),
      'secrets are not asked for',
    )
  },
)

onEveryEngine(
  'labels of service accounts are proposed or written as the mode says, each on record',
  async (room, t) => {
    const orders = { metadata: { ...metadata('orders'), labels: { app: 'orders' } as Record<string, string> } }
    const cluster = fakeCluster({ '/api/v1/serviceaccounts': [orders] })
    const { labels } = orders.metadata
    await tagsAreWritten(room, t, {
      fake: {
        ...cluster,
        partOf: (request) => (request.method === 'PATCH' ? 'patch' : cluster.partOf(request)),
        answer: (request, url) => {
          if (request.method !== 'PATCH') return cluster.answer(request, url)
          assert.equal(request.url.pathname, '/api/v1/namespaces/shop/serviceaccounts/orders')
          assert.equal(request.headers['content-type'], 'application/merge-patch+json')
          const patch = JSON.parse(request.body)
          assert.deepEqual(Object.keys(patch), ['metadata'])
          assert.deepEqual(Object.keys(patch.metadata), ['labels'])
          Object.assign(labels, patch.metadata.labels)
          return { body: JSON.stringify(orders) }
        },
      },
      key: keyOf('orders'),
      tags: () => labels,
      own: (name) => `reeve.dev/${name}`,
      set: (tag, value) => {
        labels[tag] = value
      },
      writes: 'patch',
    })
  },
)
