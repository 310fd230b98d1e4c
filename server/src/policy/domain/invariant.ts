/** What is refused before any policy is asked, by names that decisions give; none of it can be report-only. */
export const INVARIANTS = {
  'reeve:no-policy-set': 'no valid policy set is in force, and without one no identity gets anything',
  'reeve:unknown-identity': 'the identity is not known, or not loaded',
  'reeve:not-active': 'only an active identity gets anything',
  'reeve:unknown-resource': 'the resource is not registered',
  'reeve:unknown-action': 'the resource has no such action',
  'reeve:own-api':
    'every active identity may have a token for this server itself, without actions; each call with it is judged again',
  'reeve:environment-isolation':
    'the identity and the resource belong to different environments; only a named, expiring exception of kind ' +
    'environment-isolation lifts this',
  'reeve:exceeds-parent':
    'a child identity may do only what its parent may do here and now, and the parent may not do this',
} as const

/** The name of an invariant. */
export type Invariant = keyof typeof INVARIANTS
