import type { Location } from '../report.ts'
import { callersIn } from './callers.ts'
import { escalationsOf, type OpenWay } from './escalation.ts'
import { adminRightOf, type Held } from './rights.ts'
import type { Trust } from './trust.ts'

/** A user or a role of one account, as any export shows it. */
export interface AwsIdentity {
  readonly type: 'user' | 'role'
  readonly name: string
  readonly arn: string
  readonly account: string
  readonly where: Location
  readonly held: Held
  readonly groups: readonly string[]
  /** Who may become it; nothing for a user. */
  readonly trusts: readonly Trust[]
  readonly tags: ReadonlyMap<string, string>
  readonly madeOn: string
  /** The last use of a role; nothing where the export does not say. */
  readonly usedOn: string | 'never' | undefined
}

/** Stands for the account that code will be run in: code does not say which. */
export const OWN_ACCOUNT = '000000000000'

/** How somebody becomes an administrator by becoming others first: their ARNs, each with how where that is no trust. */
export type Chain = readonly string[]

/** Whom to become, and by what where it is not that they may be assumed. */
export interface Hop {
  readonly to: string
  readonly by: string
}

/** The chains of an account. */
export interface Chains {
  /** By ARN, whom to become first on the shortest way. */
  readonly next: ReadonlyMap<string, Hop>
  /** By ARN, how whoever ends a chain without being an administrator gives itself more. */
  readonly ends: ReadonlyMap<string, string>
  /** The ways to more that each has by itself; nobody needs one who is an administrator. */
  readonly ways: ReadonlyMap<AwsIdentity, readonly OpenWay[]>
  /** Whether every chain was looked for: a file that was made to take too long gets those found so far. */
  readonly isWhole: boolean
}

/** The chain of one: at most its first steps, `…` in place of the rest. */
export const chainOf = ({ next, ends }: Chains, arn: string): Chain => {
  const chain: string[] = []
  for (let hop = next.get(arn); hop !== undefined; hop = next.get(hop.to)) {
    if (chain.length === STEPS_SHOWN_MAX) return [...chain, '…']
    const end = next.has(hop.to) ? undefined : ends.get(hop.to)
    chain.push(`${hop.to}${hop.by === '' ? '' : ` by ${hop.by}`}${end === undefined ? '' : `, which ${end}`}`)
  }
  return chain
}

const STEPS_SHOWN_MAX = 8

/**
 * The shortest chain of each identity that is no administrator itself: to an administrator where there is one, and else to
 * somebody who can surely make one of itself. INVARIANT: a chain leads to somebody whose own is known, so none is a circle.
 */
export const chainsToAdmin = (identities: readonly AwsIdentity[], checksMax = CHECKS_MAX): Chains => {
  const next = new Map<string, Hop>()
  const admins = identities.filter(({ held }) => adminRightOf(held) !== undefined)
  const isAdmin = new Set(admins.map(({ arn }) => arn))
  const others = identities.filter(({ arn }) => !isAdmin.has(arn))
  const ways = new Map(others.map((one) => [one, escalationsOf(one.held, one.arn)]))
  const ends = new Map<string, string>()
  for (const [{ arn }, [first]] of ways) if (first?.isCertain && arn !== '') ends.set(arn, wayText(first))
  const callers = callersIn(others, new Set(ends.keys()))
  let checksLeft = checksMax
  // Backwards from where chains end, so that each is asked for its callers once.
  const isFollowed = (from: readonly AwsIdentity[], isLed: (one: AwsIdentity) => boolean): boolean => {
    let edge = from
    while (edge.length > 0) {
      const found: AwsIdentity[] = []
      for (const target of edge) {
        checksLeft -= callers.checksFor(target)
        if (checksLeft < 0) return false
        for (const { one, by } of callers.of(target)) {
          if (next.has(one.arn) || !isLed(one)) continue
          next.set(one.arn, { to: target.arn, by })
          found.push(one)
        }
      }
      edge = found
    }
    return true
  }
  const isEnd = ({ arn }: AwsIdentity): boolean => ends.has(arn) && !next.has(arn)
  const isWhole =
    isFollowed(admins, () => true) &&
    // Who makes an administrator of itself needs nobody else who does.
    isFollowed(others.filter(isEnd), ({ arn }) => !ends.has(arn))
  return { next, ends, ways, isWhole: isWhole && callers.isWhole }
}

const wayText = ({ way, what, actions }: OpenWay): string =>
  `can give itself more (${way}: ${what}, ${actions.join(', ')})`

// Patterns with wildcards that are tried on roles, each some hundred nanoseconds.
const CHECKS_MAX = 20_000_000
