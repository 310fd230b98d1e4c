import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { SignJWT } from 'jose'

/** A SPIFFE trust domain: a bundle endpoint on a real socket, and a server that makes JWT-SVIDs. */
export interface TrustDomain {
  readonly name: string
  readonly bundleUrl: string
  /** The keys of its bundle, as it shows them. */
  keys(): object[]
  /** Makes a JWT-SVID with these claims; undefined leaves one out. */
  svid(claims: Record<string, unknown>, header?: Record<string, unknown>, key?: KeyObject): Promise<string>
  /** Shows these keys from now on. */
  show(keys: object[]): void
  answer(listener: RequestListener | undefined): void
  asked(): number
  close(): void
}

const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

/** Opens one whose keys are of this algorithm. */
export const openTrustDomain = async (now: () => Date, name = 'acme.example', alg = 'ES256'): Promise<TrustDomain> => {
  let asked = 0
  let instead: RequestListener | undefined
  const namedCurve = CURVES[alg]
  const pair =
    namedCurve === undefined
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve })
  const said = alg === 'RS256' || namedCurve !== undefined ? {} : { alg }
  let keys: object[] = [
    { ...pair.publicKey.export({ format: 'jwk' }), kid: 'jwt-1', use: 'jwt-svid', ...said },
    // A bundle holds the authorities of X.509-SVIDs beside.
    { kty: 'EC', crv: 'P-256', x: 'a', y: 'b', use: 'x509-svid', x5c: ['MIIB'] },
  ]
  const server = createServer((request, response) => {
    asked += 1
    if (instead !== undefined) return instead(request, response)
    const bundle = { keys, spiffe_sequence: 1, spiffe_refresh_hint: 300 }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(bundle))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    name,
    bundleUrl: `http://127.0.0.1:${port}/bundle`,
    keys: () => keys,
    svid: (claims, header = {}, key = pair.privateKey) => {
      const seconds = Math.floor(now().getTime() / 1000)
      const whole = Object.fromEntries(
        Object.entries({ iat: seconds, exp: seconds + 300, ...claims }).filter(([, value]) => value !== undefined),
      )
      const heads = Object.entries({ kid: 'jwt-1', typ: 'JWT', ...header }).filter(([, value]) => value !== undefined)
      return new SignJWT(whole).setProtectedHeader({ alg, ...Object.fromEntries(heads) }).sign(key)
    },
    show: (shown) => {
      keys = shown
    },
    answer: (listener) => {
      instead = listener
    },
    asked: () => asked,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
