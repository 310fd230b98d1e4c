/** Checks the issuer's URL once, where it is configured, so that a typing mistake is not found as a refused token. */
export const checkedIssuer = (issuer: string, { allowsPlainHttp = false } = {}): string => {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  if (url === undefined) throw new TypeError('issuer must be an absolute URL')
  if (issuer.endsWith('/')) throw new TypeError('issuer must not end with a slash, as the iss claim does not')
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    throw new TypeError('issuer must not carry a query, a fragment or credentials')
  // Keys and revocations fetched in the clear could be replaced on the way.
  if (url.protocol === 'https:' || (url.protocol === 'http:' && (allowsPlainHttp || isLoopback(url.hostname))))
    return issuer
  throw new TypeError('issuer must be https, or http on a loopback address; allowsPlainHttp lifts this')
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
