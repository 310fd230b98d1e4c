import type { CompactJwt } from './compact-jwt.ts'

/**
 * Whether a JWT may be a proof of who sends it. What was made for something else says so in its type, and its signature is
 * as good: a logout token, a security event or a grant proves nobody (RFC 8725 §3.11, §3.12).
 */
export const isProofType = ({ header: { typ } }: CompactJwt, by: 'client' | 'platform'): boolean => {
  if (typ === undefined) return true
  // RFC 7515 §4.1.9: a media type, whose `application/` may be left out.
  return typeof typ === 'string' && TYPES[by].includes(typ.toLowerCase().replace(/^application\//, ''))
}

/** What is told of a token of a platform that was. */
export const OTHER_TYPE = 'its typ says that it was made for something else than to prove who sends it'

// Most name none, or that it is any JWT. Clients have a type of their own (draft-ietf-oauth-rfc7523bis), and platforms
// hand out access tokens as well.
const TYPES: Readonly<Record<'client' | 'platform', readonly string[]>> = {
  client: ['jwt', 'jose', 'client-authentication+jwt'],
  platform: ['jwt', 'jose', 'at+jwt'],
}
