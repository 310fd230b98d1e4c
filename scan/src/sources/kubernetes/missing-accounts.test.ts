import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { scanDocuments } from '../../scan-documents.ts'
import { kubernetesSource } from './source.ts'

const object = (kind: string, name: string, namespace: string, more: object = {}) => ({
  apiVersion: kind.endsWith('Account') ? 'v1' : 'rbac.authorization.k8s.io/v1',
  kind,
  metadata: { name, ...(namespace === '' ? {} : { namespace }) },
  ...more,
})
const account = (name: string, namespace = 'app') => object('ServiceAccount', name, namespace)
const UID = '6f0e7a1c-7c1b-4a35-9d57-0f7a2b6c3d10'
const dumped = (name: string, namespace = 'app') => live(account(name, namespace))
const binding = (subject: string, { namespace = 'app', name = 'b', role = 'view' } = {}) =>
  object('ClusterRoleBinding', name, '', {
    roleRef: { kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name: subject, namespace }],
  })
const live = (one: { readonly metadata: object }) => ({ ...one, metadata: { ...one.metadata, uid: UID } })
const pod = (serviceAccountName: string) => ({
  ...object('Pod', 'p', 'app', { spec: { serviceAccountName, containers: [] } }),
  apiVersion: 'v1',
})
const found = (...items: readonly object[]) =>
  readSource(kubernetesSource, { apiVersion: 'v1', kind: 'List', items }, 'all.json').related.flatMap(({ traits }) =>
    traits.flatMap(({ trait, detail, confidence = 'high' }) =>
      trait === 'k8s:account-missing' ? [`${confidence}: ${detail}`] : [],
    ),
  )
const readFiles = (...objects: readonly object[]) =>
  scanDocuments(
    objects.map((one, at) => ({ path: `all/${at}.json`, text: JSON.stringify(one) })),
    { salt: 'a salt for tests', now: new Date('2026-09-01T00:00:00Z') },
  ).findings
const TOLD = 'ClusterRoleBinding b gives ClusterRole view to app/gone, which is in none of the files'

test('a binding of an account that a dump of its namespace does not hold is told as sure', () => {
  assert.deepEqual(found(dumped('default'), dumped('web'), live(binding('web')), live(binding('gone'))), [
    `high: ${TOLD}`,
  ])
  assert.deepEqual(found(dumped('default'), pod('gone'), live(binding('gone'))), [`high: ${TOLD}`])
  assert.deepEqual(found(dumped('web'), dumped('gone'), live(binding('gone'))), [])
  const { rulesFound } = readSource(
    kubernetesSource,
    { apiVersion: 'v1', kind: 'List', items: [dumped('default'), live(binding('gone'))] },
    'all.json',
  )
  assert.ok(rulesFound.includes('kubernetes/account-missing medium'))
})

test('a namespace that a dump of the whole cluster does not hold is missing with its accounts; of a part of it nothing is said', () => {
  const all = [dumped('default', 'default'), dumped('default', 'kube-system')]
  assert.deepEqual(found(...all, live(binding('gone'))), [`high: ${TOLD}`])
  assert.deepEqual(found(dumped('default', 'default'), live(binding('gone'))), [])
})

test('a manifest beside a dump, an account that was fetched alone, a page of a list and dumps of two namespaces make nothing sure', () => {
  const all = ['default', 'kube-system', 'app'].map((namespace) => dumped('default', namespace))
  assert.deepEqual(
    found(...all, binding('gone')),
    [`low: ${TOLD}`],
    'the chart is of another cluster, or not installed',
  )
  const list = (items: readonly object[], metadata = {}) => ({ apiVersion: 'v1', kind: 'List', metadata, items })
  const inFiles = (...objects: readonly object[]) =>
    readFiles(...objects).flatMap(({ rule, severity }) => (rule === 'kubernetes/account-missing' ? severity : []))
  const gone = list([live(binding('gone'))])
  assert.deepEqual(inFiles(list([dumped('default')]), gone), ['medium'])
  assert.deepEqual(inFiles(dumped('default'), gone), ['low'])
  assert.deepEqual(inFiles(list([dumped('default')], { continue: 'eyJ2Ij' }), gone), ['low'])
  const [ofDefault, ofSystem] = [dumped('default', 'default'), dumped('default', 'kube-system')]
  assert.deepEqual(inFiles(list([ofDefault, ofSystem]), gone), ['medium'])
  assert.deepEqual(inFiles(list([ofDefault]), list([ofSystem]), gone), [])
})

test('of manifests it is told low, beside another account of the namespace only', () => {
  assert.deepEqual(found(account('web'), binding('gone')), [`low: ${TOLD}`])
  assert.deepEqual(found(account('web', 'other'), binding('gone')), [], 'its namespace is not here')
  assert.deepEqual(found(binding('gone')), [], 'a binding alone is a part')
  assert.deepEqual(found(account('web'), pod('gone'), binding('gone')), [], 'something runs as it')
  assert.deepEqual(found(account('web'), binding('gone', { role: 'nowhere' })), [], 'its role is elsewhere too')
  const inFolders = scanDocuments(
    [
      { path: 'a/account.json', text: JSON.stringify(account('web')) },
      { path: 'b/binding.json', text: JSON.stringify(binding('gone')) },
    ],
    { salt: 'a salt for tests', now: new Date('2026-09-01T00:00:00Z') },
  )
  assert.ok(!JSON.stringify(inFolders).includes('account-missing'), 'another folder is another chart')
})

test('what the cluster makes itself is not missed', () => {
  const all = ['default', 'kube-system', 'app'].map((namespace) => dumped('default', namespace))
  assert.deepEqual(found(...all, live(binding('default', { namespace: 'later' }))), [])
  assert.deepEqual(found(...all, live(binding('kube-dns', { namespace: 'kube-system' }))), [])
  assert.deepEqual(found(...all, live(binding('gone', { name: 'system:node-proxier' }))), [])
})
