import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createTokenSource, createVerifier, httpGuard } from '@reeve/sdk'

/**
 * A small API whose callers need a token: `node examples/orders-api/server.ts ISSUER AUDIENCE KEYFILE CLIENT ACTION`.
 * KEYFILE holds the private JWK by which this API itself reports, as CLIENT, what its callers did. Prints its URL.
 */
const [issuer = '', audience = '', keyFile = '', clientId = '', action = 'orders.read'] = process.argv.slice(2)

const self = createTokenSource({
  issuer,
  clientId,
  auth: { privateKey: JSON.parse(readFileSync(keyFile, 'utf8')) },
  audience: issuer,
  allowsPlainHttp: true,
})
const verifier = createVerifier({ issuer, audience, reportAs: self, allowsPlainHttp: true })
const guard = httpGuard(verifier)

const server = createServer(
  guard({ action }, (_request, response, token) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ orders: [{ id: 1, total: '12.00' }], for: token.identity }))
  }),
)

await verifier.ready()
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) console.log(`http://127.0.0.1:${address.port}/`)
})

process.once('SIGTERM', () => {
  server.close()
  verifier.close()
  self.close()
})
