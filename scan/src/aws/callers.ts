import type { AwsIdentity } from './account.ts'
import { passingWays } from './escalation.ts'
import { covers } from './glob.ts'
import { isDenied, type Right, rightsTo } from './rights.ts'

/** Somebody who can become another, and by what; nothing where the other may be assumed. */
export interface Caller {
  readonly one: AwsIdentity
  readonly by: string
}

/**
 * Who can become whom. A role whose trust names the whole account leaves the rest to the policies of whoever asks; one that
 * names the caller needs nothing else, unless the caller is denied it. The rest makes a key, a password or a trust, or runs
 * code under the role: that is not asked of those in `apart`, who can do it to everybody or need nobody for it.
 */
export const callersIn = (identities: readonly AwsIdentity[], apart: ReadonlySet<string>) => {
  const byArn = new Map(identities.map((one) => [one.arn, one]))
  const assuming = askingIndex(
    identities.flatMap((one) => askingsOf(one, rightsTo(one.held, 'sts:AssumeRole'), () => '')),
  )
  const takers = identities.filter(({ arn }) => !apart.has(arn))
  const keys = askingIndex(takers.flatMap((one) => USER_ACTIONS.flatMap((action) => takingBy(one, action))))
  const trusts = askingIndex(takers.flatMap((one) => takingBy(one, 'iam:UpdateAssumeRolePolicy')))
  const { passes, isWhole } = passesOf(takers)
  const indexesFor = (target: AwsIdentity): readonly AskingIndex[] =>
    target.type === 'user'
      ? [keys]
      : [
          ...(isOpenToAccount(target) ? [assuming] : []),
          trusts,
          ...servicesOf(target).flatMap((service) => passes.get(service) ?? []),
        ]
  return {
    /** Whether all was looked at: of a file that was made to take too much, some is left out. */
    isWhole,
    checksFor: (target: AwsIdentity): number =>
      indexesFor(target).reduce((sum, index) => sum + index.checks(), target.trusts.length),
    of(target: AwsIdentity): readonly Caller[] {
      const named = target.trusts
        .flatMap(({ principal }) => byArn.get(principal) ?? [])
        .filter(({ held }) => !isDenied(held, 'sts:AssumeRole', target.arn))
      return [...named.map((one) => ({ one, by: '' })), ...indexesFor(target).flatMap((index) => index.of(target.arn))]
    },
  }
}

const USER_ACTIONS = ['iam:CreateAccessKey', 'iam:CreateLoginProfile', 'iam:UpdateLoginProfile']

const isOpenToAccount = (role: AwsIdentity): boolean =>
  role.trusts.some(
    (trust) =>
      trust.class === 'everybody' || (trust.class === 'account' && /(?:^\d{1,12}|:root)$/.test(trust.principal)),
  )

const servicesOf = (role: AwsIdentity): readonly string[] => [
  ...new Set(role.trusts.flatMap((trust) => (trust.class === 'service' ? trust.principal : []))),
]

interface Asking extends Caller {
  readonly pattern: string
  readonly except: readonly string[]
}

const askingsOf = (one: AwsIdentity, rights: readonly Right[], byOf: (right: Right) => string): Asking[] =>
  rights.flatMap((right) =>
    [...new Set(right.resources)].map((pattern) => ({
      ...{ pattern: pattern.toLowerCase(), except: right.except, one, by: byOf(right) },
    })),
  )

// What stands under a condition is no sure way: nobody knows whether it holds.
const sureRights = (one: AwsIdentity, action: string): Right[] =>
  rightsTo(one.held, action).filter(({ isConditional }) => !isConditional)

const takingBy = (one: AwsIdentity, action: string): Asking[] =>
  askingsOf(one, sureRights(one, action), ({ policy }) => `${action}, policy ${policy}`)

// By service that roles trust: who can run code there under a role that it passes.
const passesOf = (
  takers: readonly AwsIdentity[],
): { readonly passes: ReadonlyMap<string, AskingIndex>; readonly isWhole: boolean } => {
  let left = PASSES_MAX
  const askings = new Map<string, Asking[]>()
  for (const one of takers) {
    const passing = sureRights(one, 'iam:PassRole')
    if (passing.length === 0) continue
    const done = new Set<string>()
    for (const { actions, services } of passingWays) {
      const isOpen = actions.every((action) => sureRights(one, action).length > 0)
      for (const service of isOpen ? services.filter((name) => !done.has(name)) : []) {
        done.add(service)
        left -= passing.reduce((sum, { resources }) => sum + resources.length, 0)
        if (left < 0) break
        const known = askings.get(service) ?? []
        askings.set(service, known)
        known.push(...askingsOf(one, passing, ({ policy }) => `${actions.join(', ')}, policy ${policy}`))
      }
    }
  }
  const passes = new Map([...askings].map(([service, of]) => [service, askingIndex(of)]))
  return { passes, isWhole: left >= 0 }
}

// Each takes some hundred bytes: a file may give thousands a policy of thousands of names.
const PASSES_MAX = 500_000

interface AskingIndex {
  /** What the next look costs, in patterns that are tried. */
  checks(): number
  of(arn: string): readonly Asking[]
}

const askingIndex = (askings: readonly Asking[]): AskingIndex => {
  const byPattern: ReadonlyMap<string, Asking[]> = Map.groupBy(askings, ({ pattern }) => pattern)
  // Thousands may write one pattern; and whom it has led to one needs no second.
  const wild = new Map([...byPattern].filter(([pattern]) => /[*?]/.test(pattern)))
  let kept = 0
  return {
    checks: () => wild.size + kept,
    of(target) {
      const arn = target.toLowerCase()
      const mayAsk = ({ except, one, by }: Asking): boolean =>
        !except.some((pattern) => covers(pattern, arn)) &&
        // Who writes itself into a trust still has to become the role.
        !(by.startsWith('iam:UpdateAssumeRolePolicy') && isDenied(one.held, 'sts:AssumeRole', target))
      const found = (byPattern.get(arn) ?? []).filter(mayAsk)
      for (const [pattern, asking] of [...wild].filter(([one]) => covers(one, arn))) {
        found.push(...asking.filter(mayAsk))
        const others = asking.filter((one) => !mayAsk(one))
        kept += others.length
        if (others.length > 0) wild.set(pattern, others)
        else wild.delete(pattern)
      }
      return found
    },
  }
}
