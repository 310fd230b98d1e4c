import type { Location } from '../../report.ts'
import { allows, allowsEverything, type Right } from './rights.ts'

/** A right by which a subject can act as others. */
export interface Power {
  readonly does: string
  /** Whom: any account of the namespace, those that pods run as, those that a secret holds a token of, or the whole cluster. */
  readonly gives: 'any' | 'running' | 'tokens' | 'cluster'
  readonly namespace: string
  /** The one account that it is about; empty for all. */
  readonly name: string
  readonly where: Location
}

interface PowerRule {
  readonly verbs: readonly string[]
  readonly group: string
  readonly resources: readonly string[]
  readonly does: string
  readonly gives: Power['gives']
  /** The object's name is the account's. */
  readonly isNamed?: boolean
  /** What it takes besides, in the same namespace. */
  readonly with?: readonly { readonly verb: string; readonly group: string; readonly resource: string }[]
  /** Nothing short of the whole cluster: what it is about lies in no namespace. */
  readonly isClusterWide?: boolean
}

const RBAC = 'rbac.authorization.k8s.io'
const secrets = (verb: string) => ({ verb, group: '', resource: 'secrets' })
const bindings = (resource: string) => ['create', 'update', 'patch'].map((verb) => ({ verb, group: RBAC, resource }))

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
  {
    verbs: ['impersonate'],
    group: '',
    resources: ['groups', 'users'],
    does: 'impersonates users or groups',
    gives: 'cluster',
    isClusterWide: true,
  },
  {
    verbs: ['create'],
    group: '',
    resources: ['secrets'],
    does: 'makes token secrets and reads them',
    gives: 'any',
    with: ['get', 'list', 'watch'].map(secrets),
  },
  { verbs: ['get', 'list', 'watch'], group: '', resources: ['secrets'], does: 'reads token secrets', gives: 'tokens' },
  {
    verbs: ['create', 'get'],
    group: '',
    resources: ['pods/exec', 'pods/attach'],
    does: 'runs commands in pods',
    gives: 'running',
  },
  {
    verbs: ['update', 'patch'],
    group: '',
    resources: ['pods', 'pods/ephemeralcontainers'],
    does: 'changes running pods',
    gives: 'running',
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
    isClusterWide: true,
  },
  {
    verbs: ['escalate'],
    group: RBAC,
    resources: ['roles'],
    does: 'writes roles with more than its own rights',
    gives: 'any',
  },
  {
    verbs: ['bind'],
    group: RBAC,
    resources: ['clusterroles'],
    does: 'binds roles that it has not',
    gives: 'cluster',
    with: bindings('clusterrolebindings'),
    isClusterWide: true,
  },
  {
    verbs: ['bind'],
    group: RBAC,
    resources: ['clusterroles', 'roles'],
    does: 'binds roles that it has not',
    gives: 'any',
    with: bindings('rolebindings'),
  },
  {
    verbs: ['update', 'patch'],
    group: 'certificates.k8s.io',
    resources: ['certificatesigningrequests/approval'],
    does: 'approves certificates for any user',
    gives: 'cluster',
    with: [{ verb: 'approve', group: 'certificates.k8s.io', resource: 'signers' }],
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
]

/** By which of its rights a subject can act as others. */
export const powersOf = (rights: readonly Right[]): Power[] => {
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
      .filter((power) => right.name === '' || power.isNamed || !isMaking(power))
      .filter((power) => (!power.isClusterWide || right.namespace === '*') && hasTheRest(power, right, rights))
      .map(
        (power): Power => ({
          does: power.does,
          gives: power.gives,
          namespace: right.namespace,
          name: power.isNamed ? right.name : '',
          where: right.where,
        }),
      ),
  )
  const keyOf = ({ does, gives, namespace, name }: Power) => [does, gives, namespace, name].join('\n')
  return [
    ...new Map([...everything, ...found].toReversed().map((power) => [keyOf(power), power])).values(),
  ].toReversed()
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

// Whoever makes an object has no name of it yet, so that a right to make one by name is none; a part of an object has its name.
const isMaking = ({ verbs, resources }: PowerRule): boolean =>
  verbs.every((verb) => verb === 'create') && resources.every((resource) => !resource.includes('/'))

// With a named right nothing can be made that was not there: the API knows no name when something is created.
const hasTheRest = (power: PowerRule, right: Right, rights: readonly Right[]): boolean =>
  power.with === undefined ||
  power.with.some(({ verb, group, resource }) =>
    rights.some(
      (other) =>
        allows(other, verb, group, resource) &&
        (other.name === '' || power.gives !== 'any') &&
        (other.namespace === '*' || other.namespace === right.namespace),
    ),
  )
