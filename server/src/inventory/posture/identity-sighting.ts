import type { Sighting as ScanSighting, Trait as ScanTrait } from '@reeve/scan/posture'
import { TIERS } from '../../settings.ts'
import { isProduction } from '../domain/environment.ts'
import type { Identity } from '../domain/identity.ts'
import { CHILDREN_MAX } from '../domain/lineage.ts'
import type { Sighting } from '../domain/sighting.ts'
import { isWider } from '../domain/tier.ts'
import type { HeldCredential } from '../room.ts'
import { LIMITS } from './limits.ts'
import { readingTraits, type Told } from './part-traits.ts'
import { meaningTraits } from './seen-sighting.ts'

/** What the rooms know of an identity, as far as its posture is judged by it. */
export interface PostureFacts {
  readonly identity: Identity
  readonly ownerName: string
  /** The business units of the teams that scans saw it used by, each with what told so. */
  readonly seenUnits: readonly { readonly unit: string; readonly because: string }[]
  readonly credentials: readonly HeldCredential[]
  /** What its tier refuses of them, a sentence each. */
  readonly refused: readonly string[]
  readonly grants: readonly { readonly resource: string; readonly actions: readonly string[] }[]
  /** Actions that it was seen to use lately; `undefined` where nobody reports its use. */
  readonly usedActions: ReadonlySet<string> | undefined
  /** Which of its credentials people used lately, and by which tool. */
  readonly usedByPeople: readonly { readonly credential: string; readonly tool: string }[]
  readonly children: number
  readonly sightings: readonly Sighting[]
}

const DAY_MS = 24 * 60 * 60 * 1000

/** An identity of the register as the rules judge one: each fact is a trait `nhi:…`. Pure. */
export const identitySighting = (facts: PostureFacts, now: Date): ScanSighting => {
  const { identity, ownerName } = facts
  const where = placeOf(identity)
  const { repository, inRepository } = where
  const filedAt = { repository, inRepository }
  return {
    source: 'register',
    kind: identity.kind,
    name: identity.name,
    stableKey: identity.id,
    repository: '',
    where,
    alsoAt: [],
    reaches: [],
    evidence: [],
    environment: isProduction(identity.environment)
      ? { value: 'production', because: `it is of the environment ${identity.environment}` }
      : null,
    ownerHint: { value: ownerName, because: 'the register' },
    traits: [
      ...ownTraits(facts, now).map(([trait, detail]) => ({ trait: `nhi:${trait}`, detail, where })),
      // INVARIANT: filed under the identity, not under the file: what one file says of two identities is found of both.
      ...facts.sightings.flatMap(meaningTraits).map((trait) => ({ ...trait, where: { ...trait.where, ...filedAt } })),
    ],
  }
}

/** Where a finding about an identity is said to be. */
export const placeOf = ({ id, name }: Pick<Identity, 'id' | 'name'>): ScanTrait['where'] => ({
  path: `register/${name}`,
  line: 1,
  repository: '',
  inRepository: id,
})

const ownTraits = (facts: PostureFacts, now: Date): readonly Told[] => [
  ...rightsTraits(facts),
  ...seenRightsTraits(facts),
  ...credentialTraits(facts, now),
  ...useTraits(facts, now),
  ...sharingTraits(facts),
]

const rightsTraits = ({ identity, grants, children }: PostureFacts): Told[] => {
  const { boundary, functions } = identity.classification
  const radius = identity.effectiveBlastRadius
  const told: Told[] = []
  if (radius === 'privileged' || radius === 'impersonating') told.push(['privileged', `its blast radius is ${radius}`])
  if (radius !== 'read-only') told.push(['writes', `its blast radius is ${radius}`])
  if (boundary === 'internet') told.push(['reachable', 'its boundary is the internet'])
  if (boundary === 'third-party') told.push(['third-party', 'its boundary is a third party'])
  if (functions.length > LIMITS.functionsMax)
    told.push(['general-purpose', `${functions.length} functions: ${functions.join(', ')}`])
  if (grants.length > LIMITS.resourcesMax) told.push(['general-purpose', `granted on ${grants.length} resources`])
  if (children >= CHILDREN_MAX) told.push(['many-children', `${children} living children, of ${CHILDREN_MAX} at most`])
  return told
}

// What it may do elsewhere is no grant of ours, so that no tier follows from it: whoever declared it has to say it.
const seenRightsTraits = ({ identity, sightings }: PostureFacts): Told[] => {
  const radius = identity.effectiveBlastRadius
  return sightings
    .filter(({ goneAt }) => goneAt === null)
    .flatMap(({ source, reaches }) => reaches.map(({ what, access }) => ({ source, what, access })))
    .filter(({ access }) =>
      isWider(access === 'admin' ? 'privileged' : access === 'write' ? 'write-limited' : 'read-only', radius),
    )
    .slice(0, 3)
    .map(({ source, what, access }) => [
      'class-below-seen',
      `it counts as ${radius}, and ${source} saw ${access} of ${what}`,
    ])
}

const credentialTraits = ({ credentials, refused, usedByPeople }: PostureFacts, now: Date): Told[] => {
  const told: Told[] = refused.map((sentence) => ['refused-credential', sentence])
  const working = new Set(['', ...credentials.map(({ id }) => id)])
  // Of what works no more nobody can make use.
  for (const { credential, tool } of usedByPeople.filter((use) => working.has(use.credential)))
    told.push(['used-by-person', `${credential === '' ? 'it' : `credential ${credential}`} was used from ${tool}`])
  for (const { id, kind, isStatic, createdAt } of credentials) {
    const days = Math.floor((now.getTime() - createdAt.getTime()) / DAY_MS)
    const daysMax = isStatic ? LIMITS.staticDaysMax : LIMITS.publicKeyDaysMax
    if (isStatic) told.push(['static-credential', `${kind} ${id}`])
    if (days > daysMax) told.push(['long-lived', `${kind} ${id} is more than ${daysMax} days old`])
  }
  return told
}

const useTraits = ({ identity, grants, usedActions }: PostureFacts, now: Date): Told[] => {
  const told: Told[] = []
  const { warn } = TIERS[identity.tier].unusedDays
  const lastMs = (identity.lastUsedAt ?? identity.createdAt).getTime()
  if (identity.state === 'active' && now.getTime() - lastMs > warn * DAY_MS)
    told.push(['unused', `not used for more than ${warn} days, which is long for the tier ${identity.tier}`])
  const hadTime = now.getTime() - identity.createdAt.getTime() > LIMITS.usedWithinDays * DAY_MS
  if (usedActions === undefined || !hadTime) return told
  const granted = [...new Set(grants.flatMap(({ actions }) => actions))]
  const unused = granted.filter((action) => !usedActions.has(action)).sort()
  if (unused.length > 0)
    told.push([
      'unused-rights',
      `${unused.length} of ${granted.length} actions not used in ${LIMITS.usedWithinDays} days: ${unused.slice(0, 10).join(', ')}`,
    ])
  return told
}

const sharingTraits = ({ identity, sightings, seenUnits }: PostureFacts): Told[] => {
  const told: Told[] = [...readingTraits(identity)]
  const own = identity.tags.business_unit
  const others = seenUnits.filter(({ unit }) => unit !== own)
  const units = [...new Set([...(own === undefined ? [] : [own]), ...others.map(({ unit }) => unit)])].sort()
  if (units.length > 1) {
    const because = [...new Set(others.map((each) => each.because))].sort().slice(0, 5)
    told.push(['units', `used by ${units.join(' and ')}: ${because.join(', ')}`])
  }
  const living = sightings.filter(({ goneAt }) => goneAt === null)
  const repositories = [...new Set(living.map(({ repository }) => repository).filter((name) => name !== ''))].sort()
  if (repositories.length > 1) told.push(['shared', `used from ${repositories.join(', ')}`])
  const environments = [...new Set([identity.environment, ...living.flatMap(({ environment }) => environment ?? [])])]
  if (environments.some(isProduction) && environments.some((name) => !isProduction(name)))
    told.push(['environments', environments.sort().join(' and ')])
  return told
}
