import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { TokenAlgorithm } from '../src/wire.ts'

/** What a token should say differently from a right one; undefined leaves a claim or header out. */
export interface TokenForm {
  readonly alg?: TokenAlgorithm
  readonly claims?: Readonly<Record<string, unknown>>
  readonly reeve?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
}

/** The resource that tokens of the fake are for. */
export const audience = 'https://orders.test'

/** The keys of the fake issuer, one an algorithm, made when first asked for. */
export const createFakeKeys = async () => {
  const pairs = new Map<string, { kid: string; privateKey: CryptoKey; publicKey: CryptoKey; jwk: JWK }>()
  let published: JWK[] = []
  let generation = 0
  let etag: string | undefined
  let tokens = 0

  const make = async (alg: TokenAlgorithm) => {
    generation += 1
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    const kid = `${alg}-${generation}`
    const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
    pairs.set(alg, { kid, privateKey, publicKey, jwk })
    return jwk
  }
  for (const alg of ['ES256', 'EdDSA', 'RS256', 'PS256'] as const) published.push(await make(alg))

  const pair = (alg: TokenAlgorithm) => {
    const found = pairs.get(alg)
    if (found === undefined) throw new Error(`no key for ${alg}`)
    return found
  }

  return {
    pair,
    published: (): JWK[] => published,
    /** The name of the key set, where it has one. */
    etag: (): string | undefined => etag,
    nameSet: (name: string): void => {
      etag = name
    },
    publish: (keys: JWK[]): void => {
      published = keys
    },
    /** Makes a new key and signs with it; the old one stays published unless it is withdrawn. */
    rotate: async (alg: TokenAlgorithm, { withdraw = false } = {}): Promise<void> => {
      const { kid } = pair(alg)
      const jwk = await make(alg)
      published = [...published.filter((each) => !withdraw || each.kid !== kid), jwk]
    },
    issue: async (
      { issuer, nowSeconds, lifeSeconds }: { issuer: string; nowSeconds: number; lifeSeconds: number },
      { alg = 'ES256', claims = {}, reeve = {}, header = {} }: TokenForm,
    ): Promise<string> => {
      tokens += 1
      const { kid, privateKey } = pair(alg)
      return new SignJWT({
        iss: issuer,
        sub: 'nhi_1',
        client_id: 'nhi_1',
        aud: audience,
        iat: nowSeconds,
        exp: nowSeconds + lifeSeconds,
        jti: `jti-${tokens}`,
        scope: 'orders.read orders.list',
        reeve: {
          principal_type: 'nhi',
          name: 'orders-sync',
          environment: 'production',
          tier: 'medium',
          owner: 'team_1',
          credential: 'crd_1',
          instance: 'pod-1',
          ...reeve,
        },
        ...claims,
      })
        .setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header })
        .sign(privateKey)
    },
  }
}
