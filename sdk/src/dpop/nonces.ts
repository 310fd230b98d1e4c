/** The last nonce of each server that asked for one (RFC 9449 §8.2: it is used for the next proofs there). */
export interface Nonces {
  of(url: string): string | undefined
  /** Keeps the nonce of an answer, if there is one. */
  hear(url: string, headers: Headers): void
}

/** Remembers the nonces of a bounded number of servers. */
export const createNonces = (): Nonces => {
  const byOrigin = new Map<string, string>()
  return {
    of: (url) => byOrigin.get(new URL(url).origin),
    hear: (url, headers) => {
      const nonce = headers.get('dpop-nonce')
      if (nonce === null || !nonceForm.test(nonce)) return
      const { origin } = new URL(url)
      const [oldest] = byOrigin.keys()
      if (byOrigin.size >= originsMax && !byOrigin.has(origin) && oldest !== undefined) byOrigin.delete(oldest)
      byOrigin.set(origin, nonce)
    },
  }
}

// RFC 9449 §8.1: 1*NQCHAR.
const nonceForm = /^[\x21\x23-\x5b\x5d-\x7e]{1,512}$/
const originsMax = 100
