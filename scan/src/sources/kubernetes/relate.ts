import type { Reach, Sighting, Trait } from '../../report.ts'
import type { Fact, Related } from '../../source.ts'
import {
  accountOf,
  type Binding,
  estateOf,
  type KubernetesEstate,
  RIGHTS_OF_BINDING_MAX,
  rightsBy,
  rightsOf,
  rightsOfRole,
  roleName,
  scopeOfKey,
} from './estate.ts'
import { missingAccounts } from './missing-accounts.ts'
import { type Becoming, becomingOf, type Step, shortName, whereIs } from './paths.ts'
import { type Power, powersOf } from './powers.ts'
import {
  type AccessClass,
  allowsEverything,
  onlyReads,
  type Right,
  readsSecrets,
  seesWritten,
  worse,
} from './rights.ts'
import { nodeFoldersBy } from './volumes.ts'

/** Gives each identity of the clusters what it may do, whom it can become, and what is remarkable about it. */
export const relateKubernetes = (sightings: readonly Sighting[], facts: readonly Fact[]): Related => {
  const estate = estateOf(facts)
  const bindings = Map.groupBy(estate.bindings, ({ subject }) => subject)
  const workloads = Map.groupBy(estate.workloads, ({ account }) => account)
  const missing = missingAccounts(facts, estate)
  const budget = { rightsLeft: RIGHTS_MAX, saidLeft: SAID_MAX }
  const powers = new Map<string, readonly Power[]>()
  const classes = new Map<string, AccessClass>()
  const own = sightings.map((sighting) => {
    const its = bindings.get(sighting.stableKey) ?? []
    const rights = rightsOf(its, estate, budget.rightsLeft)
    budget.rightsLeft -= rights.length
    powers.set(sighting.stableKey, powersOf(rights, rightsOfRole(estate, scopeOfKey(sighting.stableKey))))
    const max = Math.min(SAID_OF_ONE_MAX, budget.saidLeft)
    const reaches = reachesBy(rights, max)
    const traits = [
      ...its.slice(0, max).flatMap((binding) => bindingTraits(binding, estate, classes)),
      ...missing(sighting, its.slice(0, max)),
      ...rightTraits(rights, max),
    ]
    budget.saidLeft = Math.max(0, budget.saidLeft - reaches.length - traits.length)
    return { sighting, reaches, traits, isBound: its.length > 0 }
  })
  const folders = nodeFoldersBy(facts)
  const becoming = becomingOf(sightings, powers, estate)
  const related = own.map(({ sighting, reaches, traits, isBound }) => {
    const { stableKey } = sighting
    const itsPowers = powers.get(stableKey) ?? []
    return {
      ...sighting,
      reaches: [
        ...sighting.reaches,
        ...(folders.get(stableKey)?.reaches ?? []),
        ...reaches,
        ...becomesBy(sighting, itsPowers, becoming),
      ],
      traits: [
        ...sighting.traits,
        ...(folders.get(stableKey)?.traits ?? []),
        ...traits,
        ...powerTraits(sighting, itsPowers, becoming.wayToCluster(stableKey)),
        ...runTraits(sighting, workloads.get(stableKey) ?? [], isBound, estate),
      ],
    }
  })
  const isLong = ({ role }: Binding) => (estate.rulesOf(role)?.length ?? 0) > RIGHTS_OF_BINDING_MAX
  const isCut = budget.rightsLeft <= 0 || budget.saidLeft === 0 || estate.bindings.some(isLong)
  const path = sightings[0]?.where.path ?? ''
  const detail = `more rights than can be followed (${RIGHTS_OF_BINDING_MAX} of a role, ${RIGHTS_MAX} in all) or told (${SAID_MAX}): some are left out`
  return { sightings: related, problems: isCut ? [{ path, reason: 'too-many', detail }] : [] }
}

// A few lines can give every rule of a long role to every subject of a long list: what that comes to must end somewhere.
const RIGHTS_MAX = 2_000_000
const SAID_MAX = 200_000
const SAID_OF_ONE_MAX = 200
const BECOMES_MAX = 50

const reachesBy = (rights: readonly Right[], max: number): Reach[] => {
  const byWhat = Map.groupBy(rights, (right) => `${thingOf(right)} ${whereIs(right)}`)
  return [...byWhat].slice(0, max).map(([what, its]) => ({
    what,
    access: its.some(allowsEverything) ? 'admin' : its.every(onlyReads) ? 'read' : 'write',
    because: its[0]?.because ?? '',
  }))
}

const thingOf = ({ group, resource, name }: Right): string => {
  const full = group === '' ? resource : `${resource}.${group}`
  return resource === '*' && group === '*' ? 'everything' : name === '' ? full : `${full}/${name}`
}

const becomesBy = ({ stableKey }: Sighting, powers: readonly Power[], becoming: Becoming): Reach[] => {
  const scope = scopeOfKey(stableKey)
  const seen = new Map<string, Reach>()
  for (const power of powers) {
    for (const key of becoming.accountsBy(power, scope, BECOMES_MAX)) {
      const account = accountOf({ stableKey: key })
      if (key === stableKey || !account || seen.size >= BECOMES_MAX || seen.has(key)) continue
      const what = `service account ${account.namespace}/${account.name}`
      seen.set(key, { what, access: 'admin', because: `${power.does} ${whereIs(power)}` })
    }
  }
  return [...seen.values()]
}

/** What a binding gives, in one word. */
const classOf = (rights: readonly Right[] | undefined, ofRole: ReturnType<typeof rightsOfRole>): AccessClass => {
  if (!rights) return 'unknown'
  const powers = powersOf(rights, ofRole).filter(({ gives }) => gives !== 'tokens')
  const start: AccessClass = powers.length > 0 ? 'becomes' : 'reads'
  return rights.reduce<AccessClass>((worst, right) => {
    if (allowsEverything(right)) return 'everything'
    return worse(worst, readsSecrets(right) || seesWritten(right) ? 'secrets' : onlyReads(right) ? 'reads' : 'writes')
  }, start)
}

const WIDE_SUBJECTS = new Map([
  ['user system:anonymous', 'critical'],
  ['group system:unauthenticated', 'critical'],
  ['group system:authenticated', 'high'],
  ['group system:serviceaccounts', 'high'],
  ['group system:masters', 'high'],
] as const)

// What every cluster gives to everybody: how to find the API, and who one is.
const PUBLIC_ROLES = new Set(
  ['system:discovery', 'system:basic-user', 'system:public-info-viewer', 'system:service-account-issuer-discovery'].map(
    (name) => `ClusterRole ${name}`,
  ),
)

const bindingTraits = (binding: Binding, estate: KubernetesEstate, classes: Map<string, AccessClass>): Trait[] => {
  const { where, name } = binding
  const role = roleName(binding.role)
  // Where a binding holds makes no difference to what it gives, but for whether it is the whole cluster.
  const key = `${binding.role}\n${binding.namespace === '*'}`
  const gives =
    classes.get(key) ??
    classOf(estate.rulesOf(binding.role) && rightsBy(binding, estate), rightsOfRole(estate, binding.scope))
  classes.set(key, gives)
  const trait = (word: string, detail: string, more: Partial<Trait> = {}): Trait => ({
    trait: `k8s:${word}`,
    detail,
    where,
    ...more,
  })
  const severity = [...WIDE_SUBJECTS].find(([subject]) => subject === name)?.[1]
  const isAllOfNamespace = name.startsWith('group system:serviceaccounts:')
  return [
    trait('bound', `${binding.binding} gives ${role}: ${gives}`),
    ...(gives === 'unknown' ? [trait('role-missing', `${binding.binding} gives ${role}, which is nowhere`)] : []),
    ...(severity && !PUBLIC_ROLES.has(role)
      ? [trait('everyone', `${binding.binding} gives ${role}`, { severity })]
      : []),
    ...(isAllOfNamespace && gives !== 'reads'
      ? [trait('everyone', `${binding.binding} gives ${role}`, { severity: 'medium' })]
      : []),
    ...(/^[^ ]*\/default$/.test(name)
      ? [
          trait(
            'default-account',
            `${binding.binding} gives ${role}: ${gives}`,
            gives === 'reads' ? { severity: 'medium' } : {},
          ),
        ]
      : []),
  ]
}

const rightTraits = (rights: readonly Right[], max: number): Trait[] => {
  const traits = new Map<string, Trait>()
  const put = (word: string, detail: string, { where }: Right) => {
    const key = `${word} ${detail}`
    if (!traits.has(key) && traits.size < max) traits.set(key, { trait: `k8s:${word}`, detail, where })
  }
  for (const right of rights) {
    if (allowsEverything(right))
      put(right.namespace === '*' ? 'cluster-admin' : 'namespace-admin', right.because, right)
    else if (right.resource === '*' || right.verbs.includes('*')) {
      const isOwn =
        right.group !== '*' && right.group !== '' && right.group.includes('.') && !right.group.endsWith('.k8s.io')
      // All of one's own kind of objects is what a controller is for.
      if (!isOwn && !right.resource.startsWith('url '))
        put('wildcard', `${right.verbs.join(',')} on ${thingOf(right)} by ${right.because}`, right)
    }
    for (const [word, detail] of secretTraits(right)) put(word, detail, right)
  }
  return [...traits.values()]
}

const secretTraits = (right: Right): readonly (readonly [string, string])[] => {
  if (allowsEverything(right)) return []
  const { because, namespace, name } = right
  const word = namespace === '*' ? 'secrets-everywhere' : 'secrets-in-namespace'
  return [
    ...(seesWritten(right) ? [[word, `as they are written, by the validating webhooks of ${because}`] as const] : []),
    ...(readsSecrets(right) && name === '' ? [[word, `${whereIs(right)} by ${because}`] as const] : []),
  ]
}

const powerTraits = (sighting: Sighting, powers: readonly Power[], way: readonly Step[] | undefined): Trait[] => {
  const [first] = way ?? []
  if (way && first) {
    const isDirect = way.length === 1 && /^may do everything/.test(first.does)
    if (isDirect) return []
    const steps = way.map((step, at) => {
      const then = way[at + 1]
      return `${step.who} ${step.does} (${step.where.path}:${step.where.line})${then ? `, and so acts as ${then.who}` : ', and so as the whole cluster'}`
    })
    return [{ trait: 'k8s:escalation', detail: steps.join(STEP_MARK), where: first.where }]
  }
  return powers
    .filter(({ gives, does }) => gives === 'any' && does !== 'may do everything')
    .slice(0, 1)
    .map((power) => ({
      trait: 'k8s:becomes',
      detail: `${shortName(sighting.name)} ${power.does} ${whereIs(power)}`,
      where: power.where,
    }))
}

/** Stands between the steps of a way. */
export const STEP_MARK = ' → '

const runTraits = (
  { stableKey }: Sighting,
  workloads: KubernetesEstate['workloads'],
  isBound: boolean,
  { unmounted }: KubernetesEstate,
): Trait[] => {
  const applications = [...new Set(workloads.map(({ application }) => application))].sort()
  const [first] = workloads
  const mounting = workloads.find(({ mounts }) => mounts === 'yes' || (mounts === '' && !unmounted.has(stableKey)))
  return [
    ...(first && applications.length > 1 && isBound
      ? [{ trait: 'k8s:shared-account', detail: `run by ${applications.slice(0, 8).join(', ')}`, where: first.where }]
      : []),
    ...(mounting && !isBound
      ? [{ trait: 'k8s:idle-token', detail: `${mounting.workload} mounts a token of it`, where: mounting.where }]
      : []),
  ]
}
