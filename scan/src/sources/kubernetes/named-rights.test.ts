import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanDocuments } from '../../scan-documents.ts'
import { kubernetesSource } from './source.ts'

const GIVEN = { salt: 'a salt of some length', now: new Date('2026-09-01T00:00:00Z'), sources: [kubernetesSource] }
const API = 'apiVersion: rbac.authorization.k8s.io/v1'
const RBAC = 'rbac.authorization.k8s.io'

const role = (rules: string, name = 'it') => `${API}\nkind: ClusterRole\nmetadata: {name: ${name}}\nrules: [${rules}]`
const bound = (subject: string, to = 'it', namespace = '') =>
  `${API}\nkind: ${namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding'}\nmetadata: {name: b-${to}${namespace === '' ? '' : `, namespace: ${namespace}`}}\nroleRef: {kind: ClusterRole, name: ${to}}\nsubjects: [${subject}]`
const WEB = '{kind: ServiceAccount, name: web, namespace: app}'
const ROOT = '{kind: ServiceAccount, name: root, namespace: ops}'
const token = (of: string, namespace: string, name: string) =>
  `apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\nmetadata: {name: ${name}, namespace: ${namespace}, annotations: {kubernetes.io/service-account.name: ${of}}}`
const rule = (group: string, resource: string, verbs: string, names = '') =>
  `{apiGroups: ["${group}"], resources: [${resource}], verbs: [${verbs}]${names === '' ? '' : `, resourceNames: ["${names}"]`}}`

/** The rules that find something of `app/web`. */
const found = (...texts: readonly string[]): string[] =>
  scanDocuments([{ path: 'all.yaml', text: texts.join('\n---\n') }], GIVEN)
    .findings.filter(({ sighting }) => sighting.endsWith('serviceaccount/app/web'))
    .map(({ rule: id }) => id.replace('kubernetes/', ''))
    .filter((id) => /escalation|becomes|secrets-everywhere/.test(id))
    .sort()
const escalates = (...texts: readonly string[]): boolean => found(...texts).includes('escalation')

const reads = (name: string) => role(rule('', 'secrets', 'get', name))
const STRONG = [bound(ROOT, 'cluster-admin'), token('root', 'ops', 'root-key'), token('weak', 'ops', 'weak-key')]

test('whoever may read one secret by its name has the account that it is a token of, and no other', () => {
  assert.equal(escalates(reads('root-key'), bound(WEB), ...STRONG), true)
  assert.equal(escalates(reads('weak-key'), bound(WEB), ...STRONG), false)
  assert.equal(escalates(reads('root-key'), bound(WEB, 'it', 'ops'), ...STRONG), true)
  assert.equal(escalates(reads('root-key'), bound(WEB, 'it', 'app'), ...STRONG), false)
})

test('a token secret is known by its account’s own list where the dump holds no secrets', () => {
  const account =
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: root, namespace: ops}\nsecrets: [{name: root-token-x1y2z}, {name: root-dockercfg-1}]'
  const strong = bound(ROOT, 'cluster-admin')
  assert.equal(escalates(reads('root-token-x1y2z'), bound(WEB), strong, account), true)
  assert.equal(escalates(reads('root-dockercfg-1'), bound(WEB), strong, account), false)
})

test('a token of a controller of the cluster is the cluster, though no binding of it is in the files', () => {
  const controller = 'clusterrole-aggregation-controller'
  assert.equal(escalates(reads('any'), bound(WEB), token(controller, 'kube-system', 'any')), true)
  assert.equal(escalates(reads('any'), bound(WEB), token('coredns', 'kube-system', 'any')), false)
  assert.equal(escalates(reads('any'), bound(WEB), token(controller, 'ops', 'any')), false)
  assert.equal(
    escalates(reads(`${controller}-token-x1y2z`), bound(WEB, 'it', 'kube-system')),
    true,
    'by its name alone',
  )
  assert.equal(escalates(reads(`${controller}-token-x1y2z`), bound(WEB, 'it', 'app')), false)
})

test('who impersonates one user or group by name has the rights of that one', () => {
  const as = (resource: string, name: string, ...more: readonly string[]) =>
    escalates(role(rule('', resource, 'impersonate', name)), bound(WEB), ...more)
  assert.equal(as('users', 'ann'), false)
  assert.equal(as('users', 'ann', bound('{kind: User, name: ann}', 'cluster-admin')), true)
  assert.equal(as('groups', 'ops', bound('{kind: Group, name: ops}', 'cluster-admin')), true)
  assert.equal(as('groups', 'ops', bound('{kind: User, name: ops}', 'cluster-admin')), false)
  assert.equal(as('groups', 'system:masters'), true)
  assert.equal(as('users', 'system:serviceaccount:ops:root', bound(ROOT, 'cluster-admin')), true)
})

test('who may bind one role by name gets what that role gives, where it may bind it', () => {
  const binds = (name: string, bindings = 'clusterrolebindings') =>
    role(`${rule(RBAC, 'clusterroles', 'bind', name)}, ${rule(RBAC, bindings, 'create')}`)
  assert.deepEqual(found(binds('view'), bound(WEB)), [])
  assert.deepEqual(found(binds('cluster-admin'), bound(WEB)), ['escalation'])
  assert.deepEqual(found(binds('nodes'), bound(WEB), role(rule('', 'nodes/proxy', 'get'), 'nodes')), ['escalation'])
  assert.deepEqual(found(binds('cluster-admin', 'rolebindings'), bound(WEB, 'it', 'app')), ['becomes'])
  assert.deepEqual(found(binds('view', 'rolebindings'), bound(WEB, 'it', 'app')), [])
})

test('who may widen one role by name gets everything by it only where it has that role', () => {
  const widens = (name: string) => role(rule(RBAC, 'clusterroles', 'escalate, update', name))
  assert.equal(escalates(widens('it'), bound(WEB)), true)
  assert.equal(escalates(widens('other'), bound(WEB), role(rule('', 'pods', 'get'), 'other')), false)
})

test('widening every role, but writing only one, counts where it has that one', () => {
  const writes = (name: string) =>
    role(`${rule(RBAC, 'clusterroles', 'escalate')}, ${rule(RBAC, 'clusterroles', 'update', name)}`)
  assert.equal(escalates(writes('it'), bound(WEB)), true)
  assert.equal(escalates(writes('other'), bound(WEB)), false)
})

test('certificates that one may approve count by the signer that they are for', () => {
  const approves = (signer: string) =>
    escalates(
      role(
        `${rule('certificates.k8s.io', 'certificatesigningrequests/approval', 'update')}, ${rule('certificates.k8s.io', 'signers', 'approve', signer)}`,
      ),
      bound(WEB),
    )
  assert.equal(approves(''), true)
  for (const signer of ['kube-apiserver-client', 'kube-apiserver-client-kubelet', '*'])
    assert.equal(approves(`kubernetes.io/${signer}`), true, signer)
  for (const signer of ['kubernetes.io/kubelet-serving', 'issuers.example.com/mine', 'example.com/*'])
    assert.equal(approves(signer), false, signer)
})

test('who writes validating webhooks is shown every secret as it is written', () => {
  const webhooks = (verbs: string, name = '') =>
    role(rule('admissionregistration.k8s.io', 'validatingwebhookconfigurations', verbs, name))
  assert.deepEqual(found(webhooks('create'), bound(WEB)), ['secrets-everywhere'])
  assert.deepEqual(found(webhooks('patch', 'mine'), bound(WEB)), ['secrets-everywhere'])
  assert.deepEqual(found(webhooks('patch'), bound(WEB), ...STRONG), ['escalation', 'secrets-everywhere'])
  assert.deepEqual(found(webhooks('get, list'), bound(WEB), ...STRONG), [])
  assert.deepEqual(found(webhooks('create', 'mine'), bound(WEB), ...STRONG), [], 'none is made by its name')
})

test('who makes volumes and pods anywhere has the nodes', () => {
  const pods = [role(rule('', 'pods', 'create'), 'runs'), bound(WEB, 'runs', 'app')]
  assert.equal(escalates(role(rule('', 'persistentvolumes', 'create')), bound(WEB), ...pods), true)
  assert.equal(escalates(role(rule('', 'persistentvolumes', 'create')), bound(WEB)), false)
  assert.equal(escalates(role(rule('', 'persistentvolumes', 'get')), bound(WEB), ...pods), false)
})
