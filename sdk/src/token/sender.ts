import type { Clock } from '../clock.ts'
import { createDpopProver } from '../dpop/dpop-key.ts'
import { createNonces } from '../dpop/nonces.ts'
import type { Random } from '../random.ts'
import type { PresentedScheme } from '../verify-error.ts'

/** How a token is presented: as it is (RFC 6750), or with a proof of the key that it is bound to (RFC 9449). */
export interface Sender {
  readonly scheme: PresentedScheme
  /** Whether a token has to be bound to a certificate: one that is not would be of use to whoever has it. */
  readonly showsCertificate?: boolean
  /** What goes along with one request; without a token, with the request for one. */
  present(method: string, url: string, token?: string): Promise<Presentation>
}

/** What went along with one request. */
export interface Presentation {
  readonly headers: Readonly<Record<string, string>>
  /** Hears the answer; true when it asks for the same again with a nonce that this did not have. */
  hear(answer: Headers, asksForNonce: boolean): boolean
}

/** Whoever has the token may use it. */
export const bearerSender: Sender = {
  scheme: 'Bearer',
  present: async (_method, _url, token) => ({ headers: authorization('Bearer', token), hear: () => false }),
}

/** Only who holds the key may use it. */
export const dpopSender = (options: { key: CryptoKeyPair | undefined; clock: Clock; random: Random }): Sender => {
  const prove = createDpopProver(options)
  const nonces = createNonces()
  return {
    scheme: 'DPoP',
    present: async (method, url, token) => {
      const nonce = nonces.of(url)
      return {
        headers: {
          ...authorization('DPoP', token),
          dpop: await prove({ method, url, nonce, token }),
        },
        hear: (answer, asksForNonce) => {
          nonces.hear(url, answer)
          return asksForNonce && nonces.of(url) !== nonce
        },
      }
    },
  }
}

const authorization = (scheme: PresentedScheme, token: string | undefined): Readonly<Record<string, string>> =>
  token === undefined ? {} : { authorization: `${scheme} ${token}` }
