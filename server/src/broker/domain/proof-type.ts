import type { CompactJwt } from './compact-jwt.ts'

/**
 * Whether a JWT may be a proof of who sends it. What was made for something else says so in its type, and its signature is
 * as good: a logout token, a security event or a grant proves nobody (RFC 8725 §3.11, §3.12).
 */
export const isProofType = ({ header: { typ } }: CompactJwt, by: 'client' | 'platform'): boolean => {
  return typ === undefined || TYPES[by].includes(nameOf(typ))
}

/** Whether it says by its type that it proves a client, and is nothing else. */
export const isTypedProof = ({ header: { typ } }: CompactJwt): boolean => nameOf(typ) === CLIENT_TYPE

// RFC 7515 §4.1.9: a media type, whose `application/` may be left out.
const nameOf = (typ: unknown): string =>
  typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : ''

const CLIENT_TYPE = 'client-authentication+jwt'

/** What is told of a token of a platform that was. */
export const OTHER_TYPE = 'its typ says that it was made for something else than to prove who sends it'

// Most name none, or that it is any JWT. Clients have a type of their own (draft-ietf-oauth-rfc7523bis), and platforms
// hand out access tokens as well.
const TYPES: Readonly<Record<'client' | 'platform', readonly string[]>> = {
  client: ['jwt', 'jose', CLIENT_TYPE],
  platform: ['jwt', 'jose', 'at+jwt'],
}
