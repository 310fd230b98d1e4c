import type { HotParts } from './hot-parts.ts'
import type { OAuthRequest } from './oauth-request.ts'

/** Who sends a request to the token endpoint, when it proves that; most do not, and nobody waits for it then. */
export const senderOf = ({ senders, issuer }: HotParts, { dpop }: OAuthRequest) =>
  dpop === undefined ? undefined : senders.judge(dpop, { method: 'POST', url: `${issuer()}/oauth/token` })
