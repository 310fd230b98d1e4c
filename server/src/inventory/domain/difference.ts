import type { Identity } from './identity.ts'

/** One field before and after, as the log tells it. */
export interface Difference {
  readonly field: string
  readonly before: string | null
  readonly after: string | null
}

const LENGTH_MAX = 500

/** The fields in which two records differ, by name; `before` undefined is a record that was not there. */
export const differences = (
  before: Readonly<Record<string, unknown>> | undefined,
  after: Readonly<Record<string, unknown>>,
): readonly Difference[] =>
  Object.keys(after)
    .sort()
    .map((field) => ({ field, before: told(before?.[field]), after: told(after[field]) }))
    .filter((each) => each.before !== each.after)
    .map(({ field, before, after: now }) => ({ field, before: shortened(before), after: shortened(now) }))

/** What of an identity the log tells when it changes. */
export const recordOf = (identity: Identity): Readonly<Record<string, unknown>> => ({
  name: identity.name,
  kind: identity.kind,
  owner: identity.ownerId,
  parent: identity.parentId,
  environment: identity.environment,
  purpose: identity.purpose,
  functions: identity.classification.functions,
  boundary: identity.classification.boundary,
  blastRadius: identity.classification.blastRadius,
  effectiveBlastRadius: identity.effectiveBlastRadius,
  tier: identity.tier,
  state: identity.state,
  lifecycle: identity.lifecycle,
  pipeline: identity.pipeline,
  workflow: identity.workflow,
  authMethods: identity.authMethods,
  upstream: identity.upstream,
  downstream: identity.downstream,
  revocationProcedure: identity.revocationProcedure,
  expiresAt: identity.expires.at.toISOString(),
  reviewAt: identity.review.at.toISOString(),
  tags: identity.tags,
})

const told = (value: unknown): string | null => {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value, inOrder)
}

// The order in which somebody wrote the tags is no difference.
const inOrder = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value

const shortened = (text: string | null): string | null => text?.slice(0, LENGTH_MAX) ?? null
