import type { Location } from '../report.ts'
import { covers } from './glob.ts'
import { adminRightOf, type Held, isDenied, rightsTo } from './rights.ts'
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

/** How somebody becomes an administrator by becoming others first: their ARNs, the last of which is one. */
export type Chain = readonly string[]

/** The chains of an account. */
export interface Chains {
  /** By ARN, whom to become first on the shortest way. */
  readonly next: ReadonlyMap<string, string>
  /** Whether every chain was looked for: a file that was made to take too long gets those found so far. */
  readonly isWhole: boolean
}

/** The chain of one: at most its first steps, `…` in place of the rest. */
export const chainOf = ({ next }: Chains, arn: string): Chain => {
  const chain: string[] = []
  for (let at = next.get(arn); at !== undefined; at = next.get(at)) {
    if (chain.length === STEPS_SHOWN_MAX) return [...chain, '…']
    chain.push(at)
  }
  return chain
}

const STEPS_SHOWN_MAX = 8

/** The shortest chain of each identity that is no administrator itself. */
export const chainsToAdmin = (identities: readonly AwsIdentity[], checksMax = CHECKS_MAX): Chains => {
  const next = new Map<string, string>()
  const admins = identities.filter(({ held }) => adminRightOf(held) !== undefined)
  const isAdmin = new Set(admins.map(({ arn }) => arn))
  const callers = callersIn(identities.filter(({ arn }) => !isAdmin.has(arn)))
  let checksLeft = checksMax
  // Backwards from the administrators, so that each role is asked for its callers once.
  let edge = admins.filter(({ type }) => type === 'role')
  while (edge.length > 0) {
    const found: AwsIdentity[] = []
    for (const role of edge) {
      checksLeft -= callers.checksFor(role)
      if (checksLeft < 0) return { next, isWhole: false }
      for (const one of callers.of(role)) {
        if (next.has(one.arn)) continue
        next.set(one.arn, role.arn)
        if (one.type === 'role') found.push(one)
      }
    }
    edge = found
  }
  return { next, isWhole: true }
}

// Patterns with wildcards that are tried on roles, each some hundred nanoseconds.
const CHECKS_MAX = 20_000_000

// A role whose trust names the whole account leaves the rest to the policies of whoever asks; one that names the
// caller needs nothing else, unless the caller is denied it.
const callersIn = (identities: readonly AwsIdentity[]) => {
  const byArn = new Map(identities.map((one) => [one.arn, one]))
  const byPattern: ReadonlyMap<string, Asking[]> = Map.groupBy(
    identities.flatMap((one) =>
      rightsTo(one.held, 'sts:AssumeRole').flatMap(({ resources, except }) =>
        [...new Set(resources)].map((pattern) => ({ pattern: pattern.toLowerCase(), except, one })),
      ),
    ),
    ({ pattern }) => pattern,
  )
  // Thousands may write one pattern; and whom it has led to one role needs no second.
  const wild = new Map([...byPattern].filter(([pattern]) => /[*?]/.test(pattern)))
  const isOpenToAccount = (role: AwsIdentity): boolean =>
    role.trusts.some(
      (trust) =>
        trust.class === 'everybody' || (trust.class === 'account' && /(?:^\d{1,12}|:root)$/.test(trust.principal)),
    )
  let kept = 0
  return {
    checksFor: (role: AwsIdentity): number => role.trusts.length + (isOpenToAccount(role) ? wild.size + kept : 0),
    of(role: AwsIdentity): AwsIdentity[] {
      const named = role.trusts
        .flatMap(({ principal }) => byArn.get(principal) ?? [])
        .filter(({ held }) => !isDenied(held, 'sts:AssumeRole', role.arn))
      if (!isOpenToAccount(role)) return named
      const arn = role.arn.toLowerCase()
      const mayAsk = ({ except }: Asking): boolean => !except.some((pattern) => covers(pattern, arn))
      const found = (byPattern.get(arn) ?? []).filter(mayAsk)
      for (const [pattern, asking] of [...wild].filter(([one]) => covers(one, arn))) {
        found.push(...asking.filter(mayAsk))
        const others = asking.filter((one) => !mayAsk(one))
        kept += others.length
        if (others.length > 0) wild.set(pattern, others)
        else wild.delete(pattern)
      }
      return [...named, ...found.map(({ one }) => one)]
    },
  }
}

interface Asking {
  readonly pattern: string
  readonly except: readonly string[]
  readonly one: AwsIdentity
}
