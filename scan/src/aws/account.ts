import type { Location } from '../report.ts'
import { covers } from './glob.ts'
import { adminRightOf, type Held, rightsTo } from './rights.ts'
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

/** How somebody becomes an administrator by becoming others first: their ARNs, the last of which is one. */
export type Chain = readonly string[]

/** The shortest chain of each identity that is no administrator itself. */
export const chainsToAdmin = (identities: readonly AwsIdentity[]): ReadonlyMap<string, Chain> => {
  const chains = new Map<string, Chain>()
  const admins = identities.filter(({ held }) => adminRightOf(held) !== undefined)
  const isAdmin = new Set(admins.map(({ arn }) => arn))
  const assumable = new Map(
    identities.map((one) => [one.arn, rightsTo(one.held, 'sts:AssumeRole').flatMap(({ resources }) => resources)]),
  )
  const becomes = (one: AwsIdentity, role: AwsIdentity): boolean =>
    !isAdmin.has(one.arn) && !chains.has(one.arn) && mayBecome(one, assumable.get(one.arn) ?? [], role)
  // Backwards from the administrators, so that an account of thousands is walked once.
  let checksLeft = CHECKS_MAX
  let edge = admins.filter(({ type }) => type === 'role')
  while (edge.length > 0 && checksLeft > 0) {
    const found: AwsIdentity[] = []
    for (const role of edge) {
      checksLeft -= identities.length * (role.trusts.length + 1)
      if (checksLeft < 0) break
      const callers = identities.filter((one) => becomes(one, role))
      for (const { arn } of callers) chains.set(arn, [role.arn, ...(chains.get(role.arn) ?? [])])
      found.push(...callers.filter(({ type }) => type === 'role'))
    }
    edge = found
  }
  return chains
}

// An account of 5,000 roles takes a tenth of it; a file that was made to take more gets the chains found so far.
const CHECKS_MAX = 50_000_000

// A role whose trust names the whole account leaves the rest to the policies of whoever asks; one that names the
// caller needs nothing else.
const mayBecome = (one: AwsIdentity, patterns: readonly string[], role: AwsIdentity): boolean =>
  role.trusts.some((trust) => {
    if (trust.principal === one.arn) return true
    const isOfAccount =
      trust.class === 'everybody' || (trust.class === 'account' && /(?:^\d{1,12}|:root)$/.test(trust.principal))
    return isOfAccount && patterns.some((pattern) => covers(pattern, role.arn))
  })
