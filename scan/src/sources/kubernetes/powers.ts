import type { Location } from '../../report.ts'
import { allows, allowsEverything, type Right } from './rights.ts'

/** A right by which a subject can act as others. */
export interface Power {
  readonly does: string
  /** Whom: any account of the namespace, those that pods run as, those that a secret holds a token of, one user or group, or the whole cluster. */
  readonly gives: 'any' | 'running' | 'tokens' | 'user' | 'group' | 'cluster'
  readonly namespace: string
  /** The one account, pod, secret, user or group that it is about; empty for all. */
  readonly name: string
  readonly where: Location
}

interface PowerRule {
  readonly verbs: readonly string[]
  readonly group: string
  readonly resources: readonly string[]
  readonly does: string
  readonly gives: Power['gives']
  /** The object's name is the account's, the pod's or the secret's. */
  readonly isNamed?: boolean
  /** What a right on one object by its name gives instead: that one, what the role gives, or the role as it will be. */
  readonly ofNamed?: 'user' | 'group' | 'role' | 'own role'
  /** What it takes besides, in the same namespace. */
  readonly with?: readonly {
    readonly verb: string
    readonly group: string
    readonly resource: string
    /** Of named objects, those that count. */
    readonly names?: RegExp
  }[]
  /** What it takes besides is a right on the same object, where either names one. */
  readonly isWithSame?: boolean
  /** What it takes besides may be in any namespace. */
  readonly isWithAnywhere?: boolean
  /** Nothing short of the whole cluster: what it is about lies in no namespace. */
  readonly isClusterWide?: boolean
}

const RBAC = 'rbac.authorization.k8s.io'
const secrets = (verb: string) => ({ verb, group: '', resource: 'secrets' })
const written = (resource: string) => ['create', 'update', 'patch'].map((verb) => ({ verb, group: RBAC, resource }))

const PODS_MADE = [
  { verb: 'create', group: '', resource: 'pods' },
  ...['deployments', 'statefulsets', 'daemonsets', 'replicasets'].map((resource) => ({
    verb: 'create',
    group: 'apps',
    resource,
  })),
  ...['jobs', 'cronjobs'].map((resource) => ({ verb: 'create', group: 'batch', resource })),
]
// What these sign, the API server takes for a user or a node; a name may stand for all of its domain.
const SIGNERS_OF_CLIENTS = /^kubernetes\.io\/(?:\*|kube-apiserver-client(?:-kubelet)?)$/

// The ways that the Kubernetes documentation ("RBAC good practices", privilege escalation risks) warns of.
const POWERS: readonly PowerRule[] = [
  { verbs: ['create'], group: '', resources: ['pods'], does: 'creates pods', gives: 'any' },
  ...[
    { group: 'apps', resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'] },
    { group: '', resources: ['replicationcontrollers'] },
    { group: 'batch', resources: ['cronjobs'] },
  ].map(
    ({ group, resources }): PowerRule => ({
      verbs: ['create', 'update', 'patch'],
      group,
      resources,
      does: 'writes workloads',
      gives: 'any',
    }),
  ),
  { verbs: ['create'], group: 'batch', resources: ['jobs'], does: 'creates jobs', gives: 'any' },
  {
    verbs: ['create'],
    group: '',
    resources: ['serviceaccounts/token'],
    does: 'requests tokens',
    gives: 'any',
    isNamed: true,
  },
  {
    verbs: ['impersonate'],
    group: '',
    resources: ['serviceaccounts'],
    does: 'impersonates accounts',
    gives: 'any',
    isNamed: true,
  },
  ...(['user', 'group'] as const).map(
    (kind): PowerRule => ({
      verbs: ['impersonate'],
      group: '',
      resources: [`${kind}s`],
      does: 'impersonates users or groups',
      gives: 'cluster',
      ofNamed: kind,
      isClusterWide: true,
    }),
  ),
  {
    verbs: ['create'],
    group: '',
    resources: ['secrets'],
    does: 'makes token secrets and reads them',
    gives: 'any',
    with: ['get', 'list', 'watch'].map(secrets),
  },
  {
    verbs: ['get', 'list', 'watch'],
    group: '',
    resources: ['secrets'],
    does: 'reads token secrets',
    gives: 'tokens',
    isNamed: true,
  },
  {
    verbs: ['create', 'get'],
    group: '',
    resources: ['pods/exec', 'pods/attach'],
    does: 'runs commands in pods',
    gives: 'running',
    isNamed: true,
  },
  {
    verbs: ['update', 'patch'],
    group: '',
    resources: ['pods', 'pods/ephemeralcontainers'],
    does: 'changes running pods',
    gives: 'running',
    isNamed: true,
  },
  {
    verbs: ['create', 'get'],
    group: '',
    resources: ['nodes/proxy'],
    does: 'talks to the kubelets past the API',
    gives: 'cluster',
    isClusterWide: true,
  },
  {
    verbs: ['escalate'],
    group: RBAC,
    resources: ['clusterroles'],
    does: 'writes roles with more than its own rights',
    gives: 'cluster',
    ofNamed: 'own role',
    with: written('clusterroles'),
    isWithSame: true,
    isClusterWide: true,
  },
  {
    verbs: ['escalate'],
    group: RBAC,
    resources: ['roles'],
    does: 'writes roles with more than its own rights',
    gives: 'any',
    ofNamed: 'own role',
    with: written('roles'),
    isWithSame: true,
  },
  {
    verbs: ['bind'],
    group: RBAC,
    resources: ['clusterroles'],
    does: 'binds roles that it has not',
    gives: 'cluster',
    ofNamed: 'role',
    with: written('clusterrolebindings'),
    isClusterWide: true,
  },
  {
    verbs: ['bind'],
    group: RBAC,
    resources: ['clusterroles', 'roles'],
    does: 'binds roles that it has not',
    gives: 'any',
    ofNamed: 'role',
    with: written('rolebindings'),
  },
  {
    verbs: ['update', 'patch'],
    group: 'certificates.k8s.io',
    resources: ['certificatesigningrequests/approval'],
    does: 'approves certificates for any user',
    gives: 'cluster',
    with: [{ verb: 'approve', group: 'certificates.k8s.io', resource: 'signers', names: SIGNERS_OF_CLIENTS }],
    isClusterWide: true,
  },
  {
    verbs: ['create', 'update', 'patch'],
    group: 'admissionregistration.k8s.io',
    resources: ['mutatingwebhookconfigurations', 'mutatingadmissionpolicies'],
    does: 'changes whatever others create',
    gives: 'cluster',
    isClusterWide: true,
  },
  {
    verbs: ['create', 'update', 'patch'],
    group: 'admissionregistration.k8s.io',
    resources: ['validatingwebhookconfigurations'],
    does: 'is shown token secrets as they are written',
    gives: 'tokens',
    isClusterWide: true,
  },
  {
    verbs: ['create'],
    group: '',
    resources: ['persistentvolumes'],
    does: 'makes volumes of folders of nodes, and pods that have them',
    gives: 'cluster',
    with: PODS_MADE,
    isWithAnywhere: true,
    isClusterWide: true,
  },
]

/** What a role would give, wherever it is bound. */
type RightsOfRole = (role: string, namespace: string, where: Location) => readonly Right[]

/** By which of its rights a subject can act as others. */
export const powersOf = (rights: readonly Right[], rightsOfRole: RightsOfRole = () => []): Power[] => {
  const everything = rights.filter(allowsEverything).map(
    (right): Power => ({
      does: 'may do everything',
      gives: right.namespace === '*' ? 'cluster' : 'any',
      namespace: right.namespace,
      name: '',
      where: right.where,
    }),
  )
  const found = rights.flatMap((right) =>
    fitting(right)
      .filter((power) => right.name === '' || power.isNamed || countsByName(power, right))
      .filter((power) => (!power.isClusterWide || right.namespace === '*') && hasTheRest(power, right, rights))
      .flatMap((power) => given(power, right, rights, rightsOfRole)),
  )
  const keyOf = ({ does, gives, namespace, name }: Power) => [does, gives, namespace, name].join('\n')
  return [
    ...new Map([...everything, ...found].toReversed().map((power) => [keyOf(power), power])).values(),
  ].toReversed()
}

const given = (
  { does, gives, isNamed, ofNamed }: PowerRule,
  right: Right,
  rights: readonly Right[],
  rightsOfRole: RightsOfRole,
): Power[] => {
  const { namespace, name, where } = right
  const whole: Power = { does, gives, namespace, name: isNamed ? name : '', where }
  if (name === '' || ofNamed === undefined) return [whole]
  if (ofNamed === 'own role') return hasRole(rights, namespace, name) ? [whole] : []
  if (ofNamed !== 'role') return [{ ...whole, gives: name === 'system:masters' ? 'cluster' : ofNamed, name }]
  const role = right.resource === 'roles' ? `Role ${namespace}/${name}` : `ClusterRole ${name}`
  // What is bound in one namespace holds there.
  return powersOf(rightsOfRole(role, gives === 'cluster' ? '*' : namespace, where)).map((power) => ({
    ...power,
    does: `binds ${role}, which ${power.does}`,
    where,
  }))
}

const hasRole = (rights: readonly Right[], namespace: string, name: string): boolean => {
  const has = (role: string) => rights.some(({ because }) => because.startsWith(`${role} by `))
  return has(`ClusterRole ${name}`) || has(`Role ${namespace}/${name}`)
}

// The same few rules are given over and over: each is looked at once.
const known = new Map<string, readonly PowerRule[]>()
const KNOWN_MAX = 4096

const fitting = (right: Right): readonly PowerRule[] => {
  const key = `${right.verbs.join(',')} ${right.group} ${right.resource}`
  const found =
    known.get(key) ??
    POWERS.filter(({ resources, verbs, group }) =>
      resources.some((resource) => verbs.some((verb) => allows(right, verb, group, resource))),
    )
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(key, found)
  return found
}

// As `usableVerbs`, for what is written as `*`.
const countsByName = ({ verbs, resources, group }: PowerRule, right: Right): boolean =>
  resources.some((resource) =>
    verbs.some(
      (verb) =>
        allows(right, verb, group, resource) &&
        (verb !== 'create' || resource.includes('/') || allows(right, 'patch', group, resource)),
    ),
  )

const hasTheRest = (power: PowerRule, right: Right, rights: readonly Right[]): boolean =>
  power.with === undefined ||
  power.with.some(({ verb, group, resource, names }) =>
    rights.some(
      (other) =>
        allows(other, verb, group, resource) &&
        (power.isWithAnywhere || other.namespace === '*' || other.namespace === right.namespace) &&
        (other.name === '' ||
          (names ? names.test(other.name) : verb !== 'create' && countsBesides(power, right, other, rights))),
    ),
  )

// With a named right nothing can be made that was not there; of roles, it is one's own that is worth writing.
const countsBesides = (power: PowerRule, right: Right, other: Right, rights: readonly Right[]): boolean => {
  if (!power.isWithSame) return power.gives !== 'any'
  return right.name === '' ? hasRole(rights, right.namespace, other.name) : right.name === other.name
}
