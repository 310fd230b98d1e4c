/** How a client proves itself at a token endpoint. */
export type Method = 'secret' | 'jwt'

/** What the load generator needs to ask one program for tokens; the same for each. */
export interface Client {
  readonly port: number
  readonly path: string
  readonly id: string
  readonly secret: string
  /** The private half of the registered key, PKCS #8 in PEM. */
  readonly privateKey: string
  readonly keyId: string
  /** What assertions are made for. */
  readonly issuer: string
  readonly resource: string
  readonly scope: string
}
