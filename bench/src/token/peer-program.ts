import { createPrivateKey, createPublicKey } from 'node:crypto'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'
import type { ProgramOrder } from './program.ts'

// The peer: oidc-provider as its documentation sets it up, with its store in memory and signed access tokens.

process.once('disconnect', () => process.exit())
process.once('message', (order: ProgramOrder) => {
  const server = createServer()
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('no port')
    server.on('request', new Provider(`http://127.0.0.1:${address.port}`, configuration(order)).callback())
    process.send?.({ port: address.port })
  })
})

const configuration = (order: ProgramOrder): Record<string, unknown> => ({
  clients: [
    { ...clientOf(order, 'secret'), client_secret: order.clientSecret },
    { ...clientOf(order, 'jwt'), jwks: { keys: [clientJwk(order)] } },
  ],
  jwks: { keys: [signingJwk(order)] },
  scopes: [order.scope],
  clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
  enabledJWA: { idTokenSigningAlgValues: ['ES256'], clientAuthSigningAlgValues: ['ES256'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope: order.scope,
        audience: order.resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 3600,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
})

const clientOf = (order: ProgramOrder, method: 'secret' | 'jwt') => ({
  client_id: method === 'secret' ? order.clientId : `${order.clientId}-jwt`,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  id_token_signed_response_alg: 'ES256',
  token_endpoint_auth_method: method === 'secret' ? 'client_secret_basic' : 'private_key_jwt',
  ...(method === 'jwt' ? { token_endpoint_auth_signing_alg: 'ES256' } : {}),
})

const clientJwk = (order: ProgramOrder) => ({
  ...createPublicKey(order.clientPublicKey).export({ format: 'jwk' }),
  kid: order.clientKeyId,
  use: 'sig',
  alg: 'ES256',
})

const signingJwk = (order: ProgramOrder) => ({
  ...createPrivateKey(order.signingKey).export({ format: 'jwk' }),
  kid: order.signingKeyId,
  use: 'sig',
  alg: 'ES256',
})
