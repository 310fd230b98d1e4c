import type { Fault } from '../../kit/fault.ts'
import { JWT_BEARER_GRANT } from '../domain/client-proof.ts'
import { TOKEN_EXCHANGE_GRANT } from '../domain/exchange-request.ts'
import { createExchangeToken } from './exchange-token.ts'
import type { IssuedToken } from './grant.ts'
import type { HotParts } from './hot-parts.ts'
import { createIssueToken } from './issue-token.ts'
import type { OAuthRequest } from './oauth-request.ts'

/** The token endpoint, by grant. */
export const createTokenEndpoint = (parts: HotParts) => {
  const issue = createIssueToken(parts)
  const grants = new Map([
    ['client_credentials', issue],
    [JWT_BEARER_GRANT, issue],
    [TOKEN_EXCHANGE_GRANT, createExchangeToken(parts)],
  ])
  // What has no grant that we know is refused where a token is issued, after its client proved itself.
  return (request: OAuthRequest): Promise<IssuedToken | Fault> =>
    (grants.get(request.form.get('grant_type') ?? '') ?? issue)(request)
}
