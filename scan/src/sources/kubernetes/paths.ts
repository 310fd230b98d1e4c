import type { Location, Sighting } from '../../report.ts'
import { accountOf, type KubernetesEstate, scopeOfKey } from './estate.ts'
import { UNSAID } from './names.ts'
import { type AccountsOfPod, accountsOfPods } from './pod-names.ts'
import type { Power } from './powers.ts'

/** One step of a way from an identity to more rights. */
export interface Step {
  readonly who: string
  readonly does: string
  readonly where: Location
}

/** Who can become whom. */
export interface Becoming {
  /** The accounts that a power gives at once, at most `max` of them. */
  accountsBy(power: Power, scope: string, max: number): readonly string[]
  /** The shortest way from an identity to the whole cluster; `undefined` is none. */
  wayToCluster(subject: string): readonly Step[] | undefined
}

interface Edge {
  readonly from: string
  readonly step?: Step
}

/** Works out who can become whom: identities are nodes, and so is each group of accounts that a power gives. */
export const becomingOf = (
  sightings: readonly Sighting[],
  powers: ReadonlyMap<string, readonly Power[]>,
  estate: KubernetesEstate,
): Becoming => {
  const accounts = sightings.flatMap((sighting) => {
    const account = accountOf(sighting)
    return account ? [{ key: sighting.stableKey, ...account }] : []
  })
  const running = new Set(estate.workloads.map(({ account }) => account))
  const hubs = new Map<string, string[]>()
  const put = (hub: string, member: string) => {
    const members = hubs.get(hub)
    if (members) members.push(member)
    else hubs.set(hub, [member])
  }
  for (const { key, scope, namespace, name } of accounts) {
    for (const where of [namespace, '*']) {
      put(hubOf('any', scope, where), key)
      put(hubOf('any', scope, where, name), key)
      if (running.has(key)) put(hubOf('running', scope, where), key)
    }
  }
  const byKey = new Map(accounts.map((account) => [account.key, account]))
  for (const { account, namespace, secret } of estate.tokens) {
    const its = byKey.get(account)
    if (!its) continue
    for (const where of [namespace, '*'])
      for (const name of ['', secret]) {
        const hub = hubOf('tokens', its.scope, where, name)
        put(hub, account)
        if (isController(its.namespace, its.name)) put(hub, CLUSTER)
      }
  }
  const accountsOfPod = accountsOfPods(estate.workloads, (account) => byKey.get(account))
  for (const [hub, members] of hubsOfPods(powers, accountsOfPod)) hubs.set(hub, [...members])
  const edges = edgesInto(sightings, powers, hubs, byKey)
  const next = shortestWays(edges)
  return {
    accountsBy: (power, scope, max) =>
      (hubs.get(targetOf(power, scope)) ?? []).filter((key) => key !== CLUSTER).slice(0, max),
    wayToCluster: (subject) => wayFrom(subject, next),
  }
}

// Pods that somebody has a right on by their names.
const hubsOfPods = (
  powers: ReadonlyMap<string, readonly Power[]>,
  accountsOfPod: AccountsOfPod,
): ReadonlyMap<string, readonly string[]> => {
  const hubs = new Map<string, readonly string[]>()
  for (const [subject, its] of powers) {
    const scope = scopeOfKey(subject)
    for (const { gives, namespace, name } of its)
      if (gives === 'running' && name !== '')
        hubs.set(hubOf(gives, scope, namespace, name), accountsOfPod(scope, namespace, name))
  }
  return hubs
}

const hubOf = (gives: Power['gives'], scope: string, namespace: string, name = ''): string =>
  [gives, scope, namespace, name].join('\n')

const CLUSTER = 'the whole cluster'

// The cluster's own controllers that make pods in every namespace or write any role, whose bindings no manifest holds.
const isController = (namespace: string, name: string): boolean =>
  namespace === 'kube-system' && CONTROLLER_ACCOUNTS.has(name)
const CONTROLLER_ACCOUNTS = new Set([
  ...['clusterrole-aggregation', 'replicaset', 'deployment', 'daemon-set', 'statefulset', 'job', 'cronjob'].map(
    (what) => `${what}-controller`,
  ),
  ...['replication-controller', 'namespace-controller', 'generic-garbage-collector'],
])
// Older clusters called a token by its account and a few letters.
const isOfController = (secret: string): boolean =>
  CONTROLLER_ACCOUNTS.has(/^([\w-]{1,80})-token-\w{1,20}$/.exec(secret)?.[1] ?? '')

const edgesInto = (
  sightings: readonly Sighting[],
  powers: ReadonlyMap<string, readonly Power[]>,
  hubs: ReadonlyMap<string, readonly string[]>,
  accounts: ReadonlyMap<string, { scope: string; namespace: string; name: string }>,
): ReadonlyMap<string, readonly Edge[]> => {
  const into = new Map<string, Edge[]>()
  const put = (to: string, edge: Edge) => {
    const known = into.get(to)
    if (known) known.push(edge)
    else into.set(to, [edge])
  }
  for (const sighting of sightings) {
    const from = sighting.stableKey
    for (const { to, step } of stepsOf(sighting, powers.get(from) ?? [], accounts.get(from))) put(to, { from, step })
  }
  for (const [hub, members] of hubs) for (const member of members) put(member, { from: hub })
  return into
}

const stepsOf = (
  { stableKey, name, where }: Sighting,
  powers: readonly Power[],
  account: { namespace: string } | undefined,
): { to: string; step: Step }[] => {
  const who = shortName(name)
  const scope = scopeOfKey(stableKey)
  const byPowers = powers.flatMap((power) => {
    const step: Step = { who, does: `${power.does}${ofPod(power)} ${whereIs(power)}`, where: power.where }
    // Every cluster runs controllers of its own in some namespaces, which may write any role.
    // Those run in pods, whether or not the files tell of them.
    const isOfControllers = power.gives === 'any' || power.gives === 'running'
    const isCluster = isOfControllers && power.name === '' && CONTROLLERS.has(power.namespace)
    const isOfServer = power.gives === 'running' && CONTROLLERS.has(power.namespace) && CONTROL_PLANE.test(power.name)
    const isOfToken = power.gives === 'tokens' && CONTROLLERS.has(power.namespace) && isOfController(power.name)
    const to = power.gives === 'cluster' ? CLUSTER : targetOf(power, scope)
    return [{ to, step }, ...(isCluster || isOfServer || isOfToken ? [{ to: CLUSTER, step }] : [])]
  })
  const groups = account ? groupsOf(account) : []
  const byGroups = groups.map((group) => ({
    to: `kubernetes:${scope}:group/${group}`,
    step: { who, does: `is in group ${group}`, where },
  }))
  const isMaster = stableKey.endsWith(':group/system:masters')
  const asMaster = { to: CLUSTER, step: { who, does: 'may do everything in every cluster', where } }
  return [...byPowers, ...byGroups, ...(isMaster ? [asMaster] : [])]
}

const CONTROLLERS = new Set(['*', 'kube-system'])
// The cluster's own servers run in pods that are named for their nodes, and hold its keys.
const CONTROL_PLANE = /^(?:kube-apiserver|kube-controller-manager|etcd)-[a-z0-9]/

const targetOf = ({ gives, namespace, name }: Power, scope: string): string => {
  if (gives !== 'user' && gives !== 'group') return hubOf(gives, scope, namespace, name)
  const [, ...account] = /^system:serviceaccount:([^:]{1,253}):([^:]{1,253})$/.exec(name) ?? []
  return account.length > 0 && gives === 'user'
    ? `kubernetes:${scope}:serviceaccount/${account.join('/')}`
    : `kubernetes:${scope}:${gives}/${name}`
}

// The groups that the API server puts every account in.
const groupsOf = ({ namespace }: { namespace: string }): string[] => [
  `system:serviceaccounts:${namespace}`,
  'system:serviceaccounts',
  'system:authenticated',
]

/** Where a power holds, in words. */
export const whereIs = ({ namespace }: Pick<Power, 'namespace'>): string =>
  namespace === '*' ? 'in every namespace' : namespace === UNSAID ? 'in its namespace' : `in ${namespace}`

const ofPod = ({ gives, name }: Power): string => (gives === 'running' && name !== '' ? ` (${name} alone)` : '')

/** A sighting's name without the scope behind it. */
export const shortName = (name: string): string => name.slice(0, name.lastIndexOf(' in '))

// Breadth first, from the cluster backwards: each node is met once, by its shortest way.
const shortestWays = (into: ReadonlyMap<string, readonly Edge[]>): ReadonlyMap<string, { to: string; step?: Step }> => {
  const next = new Map<string, { to: string; step?: Step }>()
  const queue = [CLUSTER]
  for (let at = 0; at < queue.length; at += 1) {
    const to = queue[at] ?? ''
    for (const { from, step } of into.get(to) ?? []) {
      if (next.has(from) || from === CLUSTER) continue
      next.set(from, { to, ...(step ? { step } : {}) })
      queue.push(from)
    }
  }
  return next
}

const STEPS_MAX = 50

const wayFrom = (subject: string, next: ReadonlyMap<string, { to: string; step?: Step }>): Step[] | undefined => {
  if (!next.has(subject)) return undefined
  const steps: Step[] = []
  for (let at = subject; at !== CLUSTER && steps.length < STEPS_MAX; ) {
    const edge = next.get(at)
    if (!edge) return undefined
    if (edge.step) steps.push(edge.step)
    at = edge.to
  }
  return steps
}
