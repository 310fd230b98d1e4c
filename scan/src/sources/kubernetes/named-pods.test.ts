import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanDocuments } from '../../scan-documents.ts'
import { kubernetesSource } from './source.ts'

const GIVEN = { salt: 'a salt of some length', now: new Date('2026-09-01T00:00:00Z'), sources: [kubernetesSource] }
const RBAC = 'apiVersion: rbac.authorization.k8s.io/v1'

const runs = (kind: string, name: string, account: string) => {
  const pod = `{serviceAccountName: ${account}, containers: [{image: a}]}`
  const spec = kind === 'Pod' ? pod : `{template: {spec: ${pod}}}`
  return `apiVersion: ${kind === 'Pod' ? 'v1' : 'apps/v1'}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: app}\nspec: ${spec}`
}
const ESTATE = [
  runs('Pod', 'one', 'of-one'),
  runs('Deployment', 'web', 'of-web'),
  runs('StatefulSet', 'db', 'of-db'),
  runs('DaemonSet', 'log', 'of-log'),
]

/** What `app/who` reaches by one rule. */
const reaches = (rule: string, namespace = 'app'): string[] => {
  const text = [
    `${RBAC}\nkind: Role\nmetadata: {name: it, namespace: ${namespace}}\nrules: [{${rule}}]`,
    `${RBAC}\nkind: RoleBinding\nmetadata: {name: b, namespace: ${namespace}}\nroleRef: {kind: Role, name: it}\nsubjects: [{kind: ServiceAccount, name: who, namespace: app}]`,
    ...ESTATE,
  ].join('\n---\n')
  const seen = scanDocuments([{ path: 'all.yaml', text }], GIVEN).sightings
  return seen.find(({ name }) => name.startsWith('app/who '))?.reaches.map(({ what }) => what) ?? []
}
const accounts = (rule: string): string[] =>
  reaches(rule).flatMap((what) =>
    what.startsWith('service account ') ? what.slice('service account app/'.length) : [],
  )

test('whoever runs commands in one pod, or changes it, acts as the account of that pod and of no other', () => {
  const within = (resource: string, verb: string, pod: string) =>
    accounts(`apiGroups: [""], resources: ["${resource}"], verbs: [${verb}], resourceNames: ["${pod}"]`)
  for (const [resource, verb] of [
    ['pods/exec', 'create'],
    ['pods/attach', 'get'],
    ['pods/ephemeralcontainers', 'patch'],
    ['pods', 'patch'],
  ] as const) {
    assert.deepEqual(within(resource, verb, 'one'), ['of-one'], resource)
    assert.deepEqual(within(resource, verb, 'web-6d4b75cb6d-hn2kx'), ['of-web'], resource)
    assert.deepEqual(within(resource, verb, 'db-0'), ['of-db'], resource)
    assert.deepEqual(within(resource, verb, 'log-hn2kx'), ['of-log'], resource)
    assert.deepEqual(within(resource, verb, 'other'), [], resource)
    assert.deepEqual(within(resource, verb, 'db-web'), [], resource)
  }
  assert.deepEqual(accounts('apiGroups: [""], resources: [pods/exec], verbs: [create]').sort(), [
    'of-db',
    'of-log',
    'of-one',
    'of-web',
  ])
  assert.deepEqual(within('pods/portforward', 'create', 'one'), [], 'its ports are not its account')
})

test('one pod of the control plane is the cluster, and one pod of a neighbour of it is not', () => {
  const rulesBy = (pod: string) => {
    const text = [
      `${RBAC}\nkind: Role\nmetadata: {name: it, namespace: kube-system}\nrules: [{apiGroups: [""], resources: [pods/exec], verbs: [create], resourceNames: [${pod}]}]`,
      `${RBAC}\nkind: RoleBinding\nmetadata: {name: b, namespace: kube-system}\nroleRef: {kind: Role, name: it}\nsubjects: [{kind: ServiceAccount, name: who, namespace: app}]`,
    ].join('\n---\n')
    return scanDocuments([{ path: 'all.yaml', text }], GIVEN)
      .findings.map(({ rule }) => rule)
      .join()
  }
  assert.match(rulesBy('kube-apiserver-node-1'), /kubernetes\/escalation/)
  assert.doesNotMatch(rulesBy('metrics-server-1'), /kubernetes\/escalation/)
})

test('what the API server never asks of one object is no reach: making one, or deleting all of them', () => {
  const named = (verbs: string, resource = 'pods') =>
    reaches(`apiGroups: [""], resources: [${resource}], verbs: [${verbs}], resourceNames: [one]`)
  assert.deepEqual(named('create'), [])
  assert.deepEqual(named('create, deletecollection'), [])
  assert.deepEqual(named('list, watch', 'secrets'), ['secrets/one in app'], 'a list may ask for one object by its name')
  assert.deepEqual(named('create, get', 'configmaps'), ['configmaps/one in app'])
  assert.deepEqual(named('create', 'pods/eviction'), ['pods/eviction/one in app'])
  assert.deepEqual(named('create, patch').includes('pods/one in app'), true, 'applied by its name')
})

test('a right to read and to make one object only reads', () => {
  const text = [
    `${RBAC}\nkind: Role\nmetadata: {name: it, namespace: app}\nrules: [{apiGroups: [""], resources: [configmaps], verbs: [create, get], resourceNames: [lock]}]`,
    `${RBAC}\nkind: RoleBinding\nmetadata: {name: b, namespace: app}\nroleRef: {kind: Role, name: it}\nsubjects: [{kind: ServiceAccount, name: who, namespace: app}]`,
  ].join('\n---\n')
  const [who] = scanDocuments([{ path: 'all.yaml', text }], GIVEN).sightings
  assert.deepEqual(
    who?.reaches.map(({ access }) => access),
    ['read'],
  )
})
