import type { Fault } from '../../kit/fault.ts'
import { TOKEN_EXCHANGE_GRANT } from '../domain/exchange-request.ts'
import { createExchangeToken } from './exchange-token.ts'
import type { HotParts } from './hot-parts.ts'
import { createIssueToken, type IssuedToken } from './issue-token.ts'
import type { OAuthRequest } from './oauth-request.ts'

/** The token endpoint, by grant. */
export const createTokenEndpoint = (parts: HotParts) => {
  const issue = createIssueToken(parts)
  const exchange = createExchangeToken(parts)
  return (request: OAuthRequest): Promise<IssuedToken | Fault> =>
    request.form.get('grant_type') === TOKEN_EXCHANGE_GRANT ? exchange(request) : issue(request)
}
