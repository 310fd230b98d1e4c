import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { TestBroker } from '../broker.ts'

/** A key of a workload, and what it shows of it. */
export interface ShownKey {
  readonly kid: string | undefined
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

/** A server that shows a set of keys, as a workload would. */
export const showKeys = async (t: TestContext) => {
  let keys: JWK[] = []
  let asked = 0
  const right = (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'application/jwk-set+json', 'cache-control': 'max-age=3600' })
    response.end(JSON.stringify({ keys }))
  }
  let answer = right
  const server = createServer((_request, response) => {
    asked += 1
    answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = Object(server.address()) satisfies AddressInfo
  const make = async (kid: string | undefined, alg = 'ES256'): Promise<ShownKey> => {
    const pair = await generateKeyPair(alg, { extractable: true })
    return {
      kid,
      alg,
      privateKey: pair.privateKey,
      jwk: { ...(await exportJWK(pair.publicKey)), alg, ...(kid && { kid }) },
    }
  }
  return {
    uri: `http://127.0.0.1:${port}/jwks.json`,
    make,
    show: (...shown: readonly { readonly jwk: JWK }[]): void => {
      keys = shown.map(({ jwk }) => jwk)
    },
    asked: () => asked,
    right,
    answer: (how: (response: ServerResponse) => void = right): void => {
      answer = how
    },
  }
}

/** An assertion of this client by this key, for the next minute. */
export const signAsClient = (
  test: TestBroker,
  { privateKey, kid, alg }: Pick<ShownKey, 'privateKey' | 'kid' | 'alg'>,
  client = 'nhi_sync',
): Promise<string> => {
  const now = Math.floor(test.room.clock.now().getTime() / 1000)
  return new SignJWT({ iss: client, sub: client, aud: test.url, iat: now, exp: now + 60 })
    .setJti(crypto.randomUUID())
    .setProtectedHeader({ alg, ...(kid && { kid }) })
    .sign(privateKey)
}
