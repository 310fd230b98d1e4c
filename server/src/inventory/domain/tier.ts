import { isProduction } from './environment.ts'
import { BLAST_RADII, type BlastRadius, type Boundary, type Classification, type Kind } from './identity.ts'

/** Low, medium or high risk. */
export type Tier = 'low' | 'medium' | 'high'

/** What an identity can really do, summed over its effective grants; told by the policy room. */
export interface Rights {
  readonly writes: boolean
  readonly isPrivileged: boolean
  readonly impersonates: boolean
  /** Writes in production on a regulated, confidential or customer-facing resource. */
  readonly writesSensitiveProduction: boolean
  readonly writesProduction: boolean
  /** Reads regulated or confidential data anywhere. */
  readonly readsSensitive: boolean
}

/** The rights of an identity without a grant. */
export const NO_RIGHTS: Rights = {
  writes: false,
  isPrivileged: false,
  impersonates: false,
  writesSensitiveProduction: false,
  writesProduction: false,
  readsSensitive: false,
}

/** What the tier is derived from. */
export interface Graded {
  readonly kind: Kind
  readonly environment: string
  readonly classification: Classification
  readonly rights: Rights
}

/**
 * The tier, by the table of the deployment's rules: what is declared and what is granted count together, so a
 * declaration can raise it and never lower it.
 */
export const tierOf = (graded: Graded): Tier => {
  const facts = factsOf(graded)
  if (HIGH.some((rule) => rule(facts))) return 'high'
  return MEDIUM.some((rule) => rule(facts)) ? 'medium' : 'low'
}

/**
 * Whether a change of what is declared lowers the tier, now or with any other rights: an agent that decides no more is of
 * a lower tier once it is granted to write, even where it is granted nothing yet.
 */
export const isLowered = (before: Graded, after: Graded): boolean =>
  [before.rights, ...EVERY_RIGHTS].some(
    (rights) => TIERS.indexOf(tierOf({ ...after, rights })) < TIERS.indexOf(tierOf({ ...before, rights })),
  )

const TIERS: readonly Tier[] = ['low', 'medium', 'high']

const withAndWithout =
  (name: keyof Rights) =>
  (rights: Rights): readonly Rights[] => [rights, { ...rights, [name]: true }]

const EVERY_RIGHTS: readonly Rights[] = (
  ['writes', 'isPrivileged', 'impersonates', 'writesSensitiveProduction', 'writesProduction', 'readsSensitive'] as const
).reduce<readonly Rights[]>((all, name) => all.flatMap(withAndWithout(name)), [NO_RIGHTS])

/** The larger of what is declared and what is granted. */
export const effectiveBlastRadius = (declared: BlastRadius, rights: Rights): BlastRadius => {
  const granted = rights.impersonates
    ? 'impersonating'
    : rights.isPrivileged
      ? 'privileged'
      : writesAnything(rights)
        ? 'write-limited'
        : 'read-only'
  return isWider(granted, declared) ? granted : declared
}

/** Whether what is of this boundary could carry out what it reads. */
export const isOutside = (boundary: Boundary): boolean => boundary === 'third-party' || boundary === 'internet'

/** Whether the first blast radius reaches further than the second. */
export const isWider = (one: BlastRadius, other: BlastRadius): boolean =>
  BLAST_RADII.indexOf(one) > BLAST_RADII.indexOf(other)

/** Whether these rights contradict a declaration of read-only. */
export const deniesReadOnly = (declared: BlastRadius, rights: Rights): boolean =>
  declared === 'read-only' && effectiveBlastRadius(declared, rights) !== 'read-only'

interface Facts {
  readonly isPrivileged: boolean
  readonly writes: boolean
  readonly writesProduction: boolean
  readonly writesSensitiveProduction: boolean
  readonly readsSensitive: boolean
  readonly isInternetExposed: boolean
  readonly isThirdPartyInProduction: boolean
  readonly isDecidingAgent: boolean
}

type Rule = (facts: Facts) => boolean

const HIGH: readonly Rule[] = [
  (facts) => facts.isPrivileged,
  (facts) => facts.writesSensitiveProduction,
  (facts) => facts.isInternetExposed && facts.writesProduction,
  (facts) => facts.isDecidingAgent && facts.writesProduction,
]

const MEDIUM: readonly Rule[] = [
  (facts) => facts.writes,
  (facts) => facts.readsSensitive,
  (facts) => facts.isThirdPartyInProduction,
]

const factsOf = ({ kind, environment, classification, rights }: Graded): Facts => {
  const { boundary, blastRadius, functions } = classification
  const effective = effectiveBlastRadius(blastRadius, rights)
  const inProduction = isProduction(environment)
  const writes = isWider(effective, 'read-only')
  const writesProduction = rights.writesProduction || rights.writesSensitiveProduction || (writes && inProduction)
  return {
    isPrivileged: isWider(effective, 'write-limited'),
    writes,
    writesProduction,
    writesSensitiveProduction: rights.writesSensitiveProduction || (writesProduction && boundary === 'regulated'),
    readsSensitive: rights.readsSensitive || boundary === 'regulated',
    isInternetExposed: boundary === 'internet',
    isThirdPartyInProduction: boundary === 'third-party' && inProduction,
    isDecidingAgent: kind === 'agent' && functions.includes('decide'),
  }
}

const writesAnything = (rights: Rights): boolean =>
  rights.writes || rights.writesProduction || rights.writesSensitiveProduction
