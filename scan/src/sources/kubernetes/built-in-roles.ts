import type { Rule } from './rights.ts'

const READ = 'get,list,watch'
const WRITE = 'create,delete,deletecollection,patch,update'
const rule = (verbs: string, group: string, ...resources: readonly string[]): Rule[] =>
  resources.map((resource) => ({ verbs: verbs.split(','), group, resource, name: '' }))

// What `edit` grants, as far as it says who may become whom (Kubernetes 1.34, `system:aggregate-to-edit` and `-view`).
const VIEW = [
  ...rule(READ, '', 'configmaps', 'endpoints', 'pods', 'pods/log', 'services', 'serviceaccounts', 'namespaces'),
  ...rule(READ, '', 'persistentvolumeclaims', 'replicationcontrollers', 'events', 'resourcequotas', 'limitranges'),
  ...rule(READ, 'apps', 'deployments', 'statefulsets', 'daemonsets', 'replicasets', 'controllerrevisions'),
  ...rule(READ, 'batch', 'jobs', 'cronjobs'),
  ...rule(READ, 'networking.k8s.io', 'ingresses', 'networkpolicies'),
]
const EDIT = [
  ...VIEW,
  ...rule(READ, '', 'secrets', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'services/proxy'),
  ...rule('impersonate', '', 'serviceaccounts'),
  ...rule(WRITE, '', 'pods', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'configmaps'),
  ...rule(WRITE, '', 'services', 'serviceaccounts', 'replicationcontrollers', 'persistentvolumeclaims', 'events'),
  ...rule('create', '', 'serviceaccounts/token', 'pods/eviction'),
  ...rule(WRITE, 'apps', 'deployments', 'statefulsets', 'daemonsets', 'replicasets', 'deployments/rollback'),
  ...rule(WRITE, 'batch', 'jobs', 'cronjobs'),
  ...rule(WRITE, 'networking.k8s.io', 'ingresses', 'networkpolicies'),
]
const RBAC = 'rbac.authorization.k8s.io'
const REVIEWS = [
  ...rule('create', 'authentication.k8s.io', 'tokenreviews'),
  ...rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
]
const SELF = [
  ...rule('create', 'authorization.k8s.io', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'),
  ...rule('create', 'authentication.k8s.io', 'selfsubjectreviews'),
]

/** The roles that every cluster has, and no manifest defines: their rules, as far as the rights of identities go. */
export const BUILT_IN_ROLES: ReadonlyMap<string, readonly Rule[]> = new Map([
  ['ClusterRole cluster-admin', [...rule('*', '*', '*'), ...rule('*', '', 'url *')]],
  ['ClusterRole admin', [...EDIT, ...rule(`${READ},${WRITE}`, RBAC, 'roles', 'rolebindings')]],
  ['ClusterRole edit', EDIT],
  ['ClusterRole view', VIEW],
  ['ClusterRole system:auth-delegator', REVIEWS],
  ['ClusterRole system:basic-user', SELF],
  ['ClusterRole system:discovery', rule('get', '', 'url /api', 'url /apis', 'url /healthz', 'url /version')],
  ['ClusterRole system:public-info-viewer', rule('get', '', 'url /healthz', 'url /livez', 'url /version')],
  ['ClusterRole system:service-account-issuer-discovery', rule('get', '', 'url /.well-known/openid-configuration')],
  ['ClusterRole system:monitoring', rule('get', '', 'url /metrics', 'url /healthz', 'url /livez')],
  ['ClusterRole system:kube-dns', rule('list,watch', '', 'endpoints', 'services')],
  ['ClusterRole system:heapster', rule(READ, '', 'events', 'namespaces', 'nodes', 'pods')],
  ['ClusterRole system:node-proxier', [...rule('list,watch', '', 'services', 'endpoints'), ...rule(READ, '', 'nodes')]],
  [
    'ClusterRole system:node',
    [
      ...rule(READ, '', 'secrets', 'configmaps', 'services', 'nodes', 'persistentvolumes'),
      ...rule(`${READ},create,delete`, '', 'pods'),
      ...rule('create', '', 'serviceaccounts/token'),
      ...REVIEWS,
    ],
  ],
  [
    'ClusterRole system:kube-scheduler',
    [
      ...rule(READ, '', 'nodes', 'pods'),
      ...rule('delete', '', 'pods'),
      ...rule('create', '', 'pods/binding'),
      ...REVIEWS,
    ],
  ],
  [
    'ClusterRole system:kube-controller-manager',
    [
      ...rule('create', '', 'serviceaccounts/token', 'serviceaccounts', 'secrets'),
      ...rule('get,delete,update', '', 'secrets', 'serviceaccounts'),
      ...rule('list,watch', '*', '*'),
      ...REVIEWS,
    ],
  ],
  [
    'ClusterRole system:persistent-volume-provisioner',
    [
      ...rule(`${READ},create,delete`, '', 'persistentvolumes'),
      ...rule(`${READ},update`, '', 'persistentvolumeclaims'),
    ],
  ],
  [
    'ClusterRole system:node-bootstrapper',
    rule('create,get,list,watch', 'certificates.k8s.io', 'certificatesigningrequests'),
  ],
  [
    'ClusterRole system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    rule('create', 'certificates.k8s.io', 'certificatesigningrequests/nodeclient'),
  ],
  ['Role kube-system/extension-apiserver-authentication-reader', rule(READ, '', 'configmaps')],
])
