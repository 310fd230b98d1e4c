import type { Request } from '@reeve/cedar'
import type { Judgement } from './judgement.ts'
import { callOfficial, decideOfficially, type OfficialRequest } from './official.ts'

/** What the official engine must know of a policy. */
export interface OfficialPolicy {
  readonly id: string
  readonly isCritical: boolean
  /** Different for every policy ever read, so that prepared slices are never mistaken for each other. */
  readonly serial: number
  readonly source: { readonly text: string }
}

/** Has the official engine judge a request on the policies whose head matches it; it keeps them for the next time. */
export const judgeOfficially = (candidates: readonly OfficialPolicy[], request: Request): Judgement => {
  if (candidates.length === 0) return { outcome: 'deny', policies: [], errors: [] }
  return judgement(candidates, decideOfficially(sliceOf(candidates), partsOf(request)))
}

/** The same, and nothing is kept. */
export const judgeOnce = (candidates: readonly OfficialPolicy[], request: Request): Judgement => {
  const { policies } = sliceOf(candidates)
  const call = { ...partsOf(request), policies: { staticPolicies: policies() } }
  return judgement(
    candidates,
    callOfficial((cedar) => cedar.isAuthorized(call)),
  )
}

const partsOf = ({ principal, action, resource, context, entities }: Request): OfficialRequest => ({
  principal,
  action,
  resource,
  context,
  entities,
})

const judgement = (candidates: readonly OfficialPolicy[], called: ReturnType<typeof decideOfficially>): Judgement => {
  if (!called.ok) return unjudged('the policy engine failed inside')
  const { result } = called
  if (result.type === 'failure') return unjudged(result.errors[0]?.message ?? 'the request cannot be read')
  const { decision, diagnostics } = result.response
  const errors = diagnostics.errors.map(({ policyId, error }) => ({ policy: policyId, message: error.message }))
  const failed = new Set(errors.map((error) => error.policy))
  // A forbid that fails says nothing; a critical one that says nothing must not be taken for consent.
  const critical = candidates.filter((policy) => policy.isCritical && failed.has(policy.id)).map((policy) => policy.id)
  const outcome = critical.length > 0 ? 'deny' : decision
  const decided = outcome === decision ? diagnostics.reason : []
  return { outcome, policies: [...new Set([...decided, ...critical])], errors }
}

const unjudged = (message: string): Judgement => ({
  outcome: 'deny',
  policies: [],
  errors: [{ policy: '', message }],
})

const sliceOf = (candidates: readonly OfficialPolicy[]) => ({
  key: candidates.map((policy) => policy.serial).join(','),
  size: candidates.length,
  policies: () => Object.fromEntries(candidates.map((policy) => [policy.id, policy.source.text])),
})
