import { createPublicKey } from 'node:crypto'
import { createServer } from 'node:http'

/** Another issuer on this machine, of which Reeve asks the keys: a platform that says who its workloads are. */
export interface Platform {
  readonly issuer: string
  readonly keyId: string
  stop(): Promise<void>
}

/** Opens one that shows the public half of this key. */
export const openPlatform = async (privateKey: string): Promise<Platform> => {
  const keyId = 'platform-1'
  const keys = [{ ...createPublicKey(privateKey).export({ format: 'jwk' }), kid: keyId, alg: 'ES256', use: 'sig' }]
  let issuer = ''
  const server = createServer((request, response) => {
    const document = request.url === '/keys' ? { keys } : { issuer, jwks_uri: `${issuer}/keys` }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  return {
    issuer,
    keyId,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
