import type { Location, Sighting } from '../../report.ts'
import type { Fact } from '../../source.ts'
import { BUILT_IN_ROLES } from './built-in-roles.ts'
import { type Right, type Rule, usableVerbs } from './rights.ts'
import { type Labels, selectorsOf } from './selector.ts'

/** What all files of a scan together say of the clusters they are about. */
export interface KubernetesEstate {
  readonly bindings: readonly Binding[]
  readonly workloads: readonly Workload[]
  /** Namespaces of each account that a secret holds a token of. */
  readonly tokens: readonly { readonly account: string; readonly namespace: string; readonly secret: string }[]
  /** Accounts whose own object says that no token is mounted. */
  readonly unmounted: ReadonlySet<string>
  /** `undefined` is a role that is nowhere: not in the files, and not one that every cluster has. */
  rulesOf(role: string): readonly PlacedRule[] | undefined
}

export interface Binding {
  readonly scope: string
  readonly binding: string
  /** `*` is the whole cluster. */
  readonly namespace: string
  readonly role: string
  readonly subject: string
  readonly name: string
  /** It came out of a cluster with all others. */
  readonly isListed: boolean
  readonly where: Location
}

export interface Workload {
  readonly account: string
  readonly name: string
  readonly workload: string
  readonly application: string
  readonly mounts: string
  readonly where: Location
}

export interface PlacedRule extends Rule {
  readonly where: Location | undefined
}

/** Puts the facts of all files together. */
export const estateOf = (facts: readonly Fact[]): KubernetesEstate => {
  const byType = Map.groupBy(facts, ({ type }) => type)
  const of = (type: string) => (byType.get(type) ?? []).map(({ fields, where }) => ({ field: fieldOf(fields), where }))
  return {
    bindings: of('binding').map(({ field, where }) => ({
      scope: field('scope'),
      binding: field('binding'),
      namespace: field('namespace'),
      role: field('role'),
      subject: field('subject'),
      name: field('name'),
      isListed: field('isListed') === 'yes',
      where,
    })),
    workloads: of('runs').map(({ field, where }) => ({
      account: field('account'),
      name: field('name'),
      workload: field('workload'),
      application: field('application'),
      mounts: field('mounts'),
      where,
    })),
    tokens: of('token').map(({ field }) => ({
      account: field('account'),
      namespace: field('namespace'),
      secret: field('secret'),
    })),
    unmounted: new Set(of('account').flatMap(({ field }) => (field('mounts') === 'no' ? field('account') : []))),
    rulesOf: rolesOf(byType),
  }
}

const fieldOf =
  (fields: Readonly<Record<string, string>>) =>
  (name: string): string =>
    fields[name] ?? ''

const rolesOf = (byType: ReadonlyMap<string, readonly Fact[]>): KubernetesEstate['rulesOf'] => {
  const known = new Set((byType.get('role') ?? []).map(({ fields }) => fieldOf(fields)('role')))
  const rules = Map.groupBy(byType.get('rule') ?? [], ({ fields }) => fieldOf(fields)('role'))
  const labels = new Map<string, Map<string, string>>()
  for (const role of known) labels.set(role, new Map())
  for (const { fields } of byType.get('role-label') ?? []) {
    const field = fieldOf(fields)
    labels.get(field('role'))?.set(field('label'), field('value'))
  }
  const rolesIn = Map.groupBy([...labels], ([role]) => scopeOf(role))
  const selectors = Map.groupBy(byType.get('aggregates') ?? [], ({ fields }) => fieldOf(fields)('role'))
  const own = (role: string): PlacedRule[] =>
    (rules.get(role) ?? []).flatMap(({ fields, where }) => {
      const field = fieldOf(fields)
      const written = {
        verbs: field('verbs').split(','),
        group: field('group'),
        resource: field('resource'),
        name: field('name'),
        where,
      }
      const verbs = usableVerbs(written)
      return verbs.length === 0 ? [] : [{ ...written, verbs }]
    })
  const resolve = (role: string): readonly PlacedRule[] | undefined => {
    const scope = scopeOf(role)
    const word = role.slice(scope.length + ': '.length)
    const fitting = [
      ...(AGGREGATED[word] ?? []),
      ...selectorsOf((selectors.get(role) ?? []).map(({ fields }) => fields)),
    ]
    // Rules are gathered of roles of the cluster alone.
    const parts = new Set(
      fitting.length === 0
        ? []
        : (rolesIn.get(scope) ?? []).flatMap(([part, its]) =>
            part.includes(': ClusterRole ') && fitting.some((fits) => fits(its)) ? [part] : [],
          ),
    )
    const builtIn = known.has(role) ? undefined : BUILT_IN_ROLES.get(word)
    if (!known.has(role) && !builtIn) return undefined
    return [
      ...own(role),
      ...(builtIn ?? []).map((rule) => ({ ...rule, where: undefined })),
      ...[...parts].filter((part) => part !== role).flatMap(own),
    ]
  }
  const resolved = new Map<string, readonly PlacedRule[] | undefined>()
  return (role) => {
    if (!resolved.has(role)) resolved.set(role, resolve(role))
    return resolved.get(role)
  }
}

const scopeOf = (role: string): string => role.slice(0, role.indexOf(': '))

const aggregate = (...roles: readonly string[]) =>
  roles.map((role) => (labels: Labels) => labels.get(`rbac.authorization.k8s.io/aggregate-to-${role}`) === 'true')

// The cluster adds what is labelled for them to the roles that it has itself.
const AGGREGATED: Readonly<Record<string, readonly ((labels: Labels) => boolean)[]>> = {
  'ClusterRole admin': aggregate('admin', 'edit', 'view'),
  'ClusterRole edit': aggregate('edit', 'view'),
  'ClusterRole view': aggregate('view'),
}

/** The rights that a subject's bindings give it, at most `max` of them. */
export const rightsOf = (bindings: readonly Binding[], estate: KubernetesEstate, max: number): Right[] => {
  const rights: Right[] = []
  for (const binding of bindings) {
    if (rights.length >= max) break
    rights.push(...rightsBy(binding, estate, max - rights.length))
  }
  return rights
}

/** The rights that one binding gives. */
export const rightsBy = (
  { binding, namespace, role, where }: Binding,
  estate: KubernetesEstate,
  max = RIGHTS_OF_BINDING_MAX,
): Right[] =>
  (estate.rulesOf(role) ?? []).slice(0, Math.min(max, RIGHTS_OF_BINDING_MAX)).map((rule) => ({
    ...rule,
    namespace,
    because: `${roleName(role)} by ${binding}`,
    where: rule.where ?? where,
  }))

/** The rights that a role would give whoever bound it; none of a role that is nowhere. */
export const rightsOfRole =
  (estate: KubernetesEstate, scope: string) =>
  (role: string, namespace: string, where: Location): Right[] =>
    (estate.rulesOf(`${scope}: ${role}`) ?? [])
      .slice(0, RIGHTS_OF_BINDING_MAX)
      .map((rule) => ({ ...rule, namespace, because: role, where: rule.where ?? where }))

/** How many rules of one role are followed: no real one has as many. */
export const RIGHTS_OF_BINDING_MAX = 5000

/** A role without the scope that it is in. */
export const roleName = (role: string): string => role.slice(scopeOf(role).length + ': '.length)

/** The scope that a stable key starts with. */
export const scopeOfKey = (key: string): string => {
  const ends = ['serviceaccount', 'user', 'group', 'secret']
    .map((kind) => key.indexOf(`:${kind}/`))
    .filter((at) => at > 0)
  return key.slice('kubernetes:'.length, Math.min(...ends, key.length))
}

/** A service account as its stable key names it. */
export const accountOf = ({ stableKey }: Pick<Sighting, 'stableKey'>) => {
  const at = stableKey.indexOf(':serviceaccount/')
  if (at === -1) return undefined
  const [namespace = '', name = ''] = stableKey.slice(at + ':serviceaccount/'.length).split('/')
  return { scope: stableKey.slice('kubernetes:'.length, at), namespace, name }
}
