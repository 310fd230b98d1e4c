/** How a client proves itself at a token endpoint, or what else is asked: an exchange, or what an API key is. */
export type Method = 'secret' | 'jwt' | 'federation' | 'exchange' | 'api-key'

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
  /** Another issuer that shows the same key, and whose tokens with this subject are the client. */
  readonly platform: { readonly issuer: string; readonly subject: string; readonly keyId: string }
  /** Of an exchange: the tokens of the client that are exchanged in turn; the client is who acts then. */
  readonly subjectTokens?: readonly string[]
  /** Of an introspection: the key that is asked about, and from where it is said to be used. */
  readonly apiKey?: { readonly key: string; readonly address: string }
}
