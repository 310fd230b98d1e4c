import { readFileSync } from 'node:fs'
import * as oauth from 'openid-client'

/** What asking for a token led to: the token, or the refusal with the id of the decision. */
export type Answer =
  | { readonly token: string }
  | { readonly error: string; readonly description: string; readonly decisionId: string | undefined }

/** Asks for a token as any OAuth client does: openid-client, client_credentials, private_key_jwt, one resource. */
export const askForToken = async (given: {
  issuer: string
  clientId: string
  keyFile: string
  resource: string
  scope: string
}): Promise<Answer> => {
  const jwk: JsonWebKey = JSON.parse(readFileSync(given.keyFile, 'utf8'))
  const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  const config = await oauth.discovery(new URL(given.issuer), given.clientId, undefined, oauth.PrivateKeyJwt(key), {
    execute: [oauth.allowInsecureRequests],
    algorithm: 'oauth2',
  })
  try {
    const answer = await oauth.clientCredentialsGrant(config, { resource: given.resource, scope: given.scope })
    return { token: answer.access_token }
  } catch (error) {
    if (!(error instanceof oauth.ResponseBodyError)) throw error
    const decision = error.cause.decision_id
    return {
      error: error.error,
      description: error.error_description ?? '',
      decisionId: typeof decision === 'string' ? decision : undefined,
    }
  }
}
