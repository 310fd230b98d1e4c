/** The kind of exception that lets an identity of one environment reach a resource of another. */
export const ISOLATION = 'environment-isolation'

/** What such an exception is about: this identity at this resource and nothing else. */
export const isolationSubject = (identityId: string, resourceId: string): string => `${identityId}/${resourceId}`

/**
 * Whether environments keep an identity from a resource.
 * INVARIANT: judged before any policy and outside of it (design rule 8); only a live, named exception lifts it.
 */
export const isIsolated = (
  identityEnvironment: string,
  resourceEnvironment: string,
  exception: { readonly expiresAt: Date } | undefined,
  now: Date,
): boolean => identityEnvironment !== resourceEnvironment && !(exception !== undefined && exception.expiresAt > now)
