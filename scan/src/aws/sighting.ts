import { guessEnvironment } from '../environment.ts'
import { LIMITED_TO_NETWORKS } from '../exports/credential-fact.ts'
import type { ScannedFile } from '../file.ts'
import type { Problem, Reach, Trait } from '../report.ts'
import type { SightingDraft, SourceAnswer } from '../source.ts'
import { type AwsIdentity, type Chain, type Chains, chainOf, chainsToAdmin, OWN_ACCOUNT } from './account.ts'
import { narrowingWithin } from './narrowing.ts'
import { isLimitedToNetworks } from './networks.ts'
import { adminRightOf, conditionText, type Denial, denialsOf, type HeldPolicy, rightsTo } from './rights.ts'
import { servicesOf } from './services.ts'
import type { Trust } from './trust.ts'

/** What each user and role of an account is: its reach, and the facts that rules judge. */
export const awsSightings = (identities: readonly AwsIdentity[], file: ScannedFile): SourceAnswer => {
  const { made, isWhole } = narrowingWithin(PAIRS_MAX, () => {
    const chains = chainsToAdmin(identities)
    return { chains, sightings: identities.map((one) => sightingOf(one, chains)) }
  })
  const tooMany = (detail: string): Problem => ({ path: file.path, reason: 'too-many', detail })
  return {
    sightings: made.sightings,
    problems: [
      ...(made.chains.isWhole
        ? []
        : [tooMany('too many roles that trust their whole account: not every chain from role to role was followed')]),
      ...(isWhole
        ? []
        : [tooMany('too many denials and boundaries of named resources: some rights are told too wide')]),
    ],
  }
}

// Some seconds; a real account of thousands takes a hundredth of it.
const PAIRS_MAX = 10_000_000

/** The key under which every source that sees something of AWS tells of it. */
export const awsKey = (arn: string): string => `aws:${arn}`

const sightingOf = (one: AwsIdentity, chains: Chains): SightingDraft => {
  const { held, name, arn, where, type, tags } = one
  const owner = OWNER_TAGS.map((tag) => ({ tag, value: tags.get(tag) })).find(({ value }) => value)
  return {
    kind: 'account',
    name: isKnown(one.account) ? `${type} ${name} of AWS account ${one.account}` : `${type} ${name}`,
    stableKey: awsKey(arn),
    where,
    reaches: reachesOf(one).slice(0, REACHES_MAX),
    evidence: [
      `AWS ${type} ${arn}`,
      ...(one.groups.length > 0 ? [`in the groups ${one.groups.join(', ')}`] : []),
      ...(held.boundary ? [`limited by the boundary ${held.boundary.name}${unread(held.boundary)}`] : []),
      ...held.policies.map((policy) => `policy ${policy.name}${unread(policy)}`).slice(0, POLICIES_MAX),
      ...denialsOf(held).map(denialText).slice(0, DENIALS_MAX),
      ...one.trusts.map(trustText).slice(0, POLICIES_MAX),
    ],
    environment: guessEnvironment([
      { name: tags.get('environment') ?? tags.get('env') ?? tags.get('stage') ?? '', what: 'a tag' },
      { name, what: `the ${type}'s name` },
    ]),
    ...(owner?.value ? { ownerHint: { value: owner.value, because: `tag ${owner.tag}` } } : {}),
    traits: [
      ...rightTraits(one, chains),
      ...one.trusts.flatMap((trust) => trustTraits(trust, one)),
      ...useTraits(one),
      ...networkTraits(one),
    ],
  }
}

const isKnown = (account: string): boolean => account !== '' && account !== OWN_ACCOUNT

const REACHES_MAX = 40
const POLICIES_MAX = 20
const DENIALS_MAX = 10
const NAMED_MAX = 6
const CONDITIONS_MAX = 2
const OWNER_TAGS = ['owner', 'team', 'reeve.owner', 'technical-owner', 'contact']

const unread = ({ statements }: HeldPolicy): string => (statements ? '' : ' (its document is not in the file)')

const denialText = ({ policy, statement }: Denial): string => {
  const { actions, notActions, resources, notResources, conditions } = statement
  const what = actions.length > 0 ? shown(actions) : `everything but ${shown(notActions)}`
  const on = notResources.length > 0 ? ` on everything but ${shown(notResources)}` : ` on ${shown(resources)}`
  return [
    `policy ${policy} denies ${what}`,
    on === ' on ' || on === ' on *' ? '' : on,
    conditions.length > 0 ? `, but only ${conditionText(statement)}: it takes nothing away here` : '',
  ].join('')
}

const shown = (names: readonly string[]): string =>
  [...names.slice(0, NAMED_MAX), ...(names.length > NAMED_MAX ? [`${names.length - NAMED_MAX} more`] : [])].join(', ')

const reachesOf = (one: AwsIdentity): Reach[] => {
  const admin = adminRightOf(one.held)
  const account = isKnown(one.account) ? `AWS account ${one.account}` : 'its AWS account'
  const roles = rightsTo(one.held, 'sts:AssumeRole').filter(({ isOnEverything }) => !isOnEverything)
  if (admin) return [{ what: account, access: 'admin', because: `policy ${admin.policy}` }]
  return [
    ...servicesOf(one.held).map(
      ({ service, access, policy, except }): Reach => ({
        what: `${service === '*' ? 'every service' : service} in ${account}`,
        access,
        because: `policy ${policy}${except.length > 0 ? `, but not ${shown(except)}` : ''}`,
      }),
    ),
    ...roles.flatMap(({ resources, policy }) =>
      resources.map((role): Reach => ({ what: role, access: 'unknown', because: `policy ${policy}: sts:AssumeRole` })),
    ),
  ]
}

const rightTraits = (one: AwsIdentity, chains: Chains): Trait[] => {
  const { held, arn, where } = one
  const chain: Chain = chainOf(chains, arn)
  const trait = (name: string, detail: string): Trait => ({ trait: `aws:${name}`, detail, where })
  const admin = adminRightOf(held)
  // An administrator needs no way to become one.
  if (admin) return [trait('admin', `policy ${admin.policy}`)]
  return [
    ...(chains.ways.get(one) ?? []).map((way) =>
      trait(
        way.isCertain ? 'escalation' : 'escalation-somewhere',
        [
          `${way.way}: ${way.what} (${way.actions.join(', ')}, by ${way.policies.join(', ')})`,
          ...way.deniedIf.slice(0, CONDITIONS_MAX),
        ].join('; '),
      ),
    ),
    ...(chain.length > 0 ? [trait('assume-chain', chain.join(', then '))] : []),
  ]
}

const trustTraits = (trust: Trust, { where }: AwsIdentity): Trait[] => {
  const detail = trustText(trust)
  const trait = (name: string): Trait => ({ trait: `aws:trust-${name}`, detail, where })
  return [
    ...(trust.class === 'everybody' ? [trait(trust.isOpenToStrangers ? 'everybody' : 'everybody-narrowed')] : []),
    ...(trust.class === 'unrecognised' ? [trait('unrecognised')] : []),
    ...trust.faults.map(trait),
    ...(trust.isOpenToStrangers ? [trait('strangers')] : []),
  ]
}

const trustText = ({ class: is, principal, narrowedBy }: Trust): string =>
  `may be assumed by ${TRUST_WORDS[is]} ${principal}${narrowedBy.length > 0 ? `, if ${narrowedBy.join(', ')} match` : ''}`

const TRUST_WORDS: Readonly<Record<Trust['class'], string>> = {
  service: 'the service',
  account: 'its own account,',
  'external-account': 'another account,',
  oidc: 'tokens of',
  saml: 'users of',
  everybody: 'everybody',
  deleted: 'somebody deleted,',
  'canonical-user': 'the canonical user',
  variable: 'whoever a variable names,',
  unrecognised: 'somebody unknown,',
}

const networkTraits = ({ type, held, name, where }: AwsIdentity): Trait[] =>
  type === 'user' && isLimitedToNetworks(held)
    ? [{ trait: LIMITED_TO_NETWORKS, detail: `what ${name} may do is allowed from some networks only`, where }]
    : []

const useTraits = ({ type, usedOn, madeOn, arn, where }: AwsIdentity): Trait[] => {
  // AWS makes, uses and removes these itself.
  if (type === 'user' || usedOn === undefined || /:role\/aws-(?:service-role|reserved)\//.test(arn)) return []
  const day = usedOn === 'never' ? madeOn : usedOn
  return day === ''
    ? []
    : [{ trait: usedOn === 'never' ? 'aws:never-used' : 'aws:last-used', detail: day.slice(0, 10), where }]
}
