/** The name of a workload in a trust domain (SPIFFE-ID §2). */
export interface SpiffeId {
  readonly trustDomain: string
  /** With its slash in front; empty for the trust domain itself. */
  readonly path: string
}

/** Takes it apart; undefined for whatever is not one in its one writing, as two writings would be two names. */
export const readSpiffeId = (text: unknown): SpiffeId | undefined => {
  if (typeof text !== 'string' || text.length > CHARACTERS_MAX) return undefined
  const [, trustDomain, path] = FORM.exec(text) ?? []
  if (trustDomain === undefined || path === undefined || trustDomain.length > DOMAIN_MAX) return undefined
  // §2.2: no segment may be empty, or mean another one.
  return path.split('/').some((segment) => segment === '.' || segment === '..') ? undefined : { trustDomain, path }
}

/** The trust domain that a trust names as its issuer. */
export const trustDomainOf = (issuer: string): string | undefined => {
  const id = readSpiffeId(issuer)
  return id?.path === '' ? id.trustDomain : undefined
}

/** What a trust in this trust domain names as its issuer. */
export const issuerOfDomain = (trustDomain: string): string => `spiffe://${trustDomain}`

/** The beginning of the paths that a pinned subject with a `*` at its end lets in; undefined for any other text. */
export const readSpiffePrefix = (text: string): SpiffeId | undefined => {
  const id = text.endsWith('/*') ? readSpiffeId(text.slice(0, -2)) : undefined
  return id === undefined || id.path === '' ? undefined : id
}

// All of it is ASCII, so that a character is a byte.
const CHARACTERS_MAX = 2048
const DOMAIN_MAX = 255
const FORM = /^spiffe:\/\/([a-z0-9._-]+)((?:\/[A-Za-z0-9._-]+)*)$/
