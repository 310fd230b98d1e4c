import { sha256All } from '../digest.ts'
import { nameToken } from '../revocation-target.ts'
import type { JsonObject } from '../strict-json.ts'
import { VerifyError } from '../verify-error.ts'
import type { AuthenticToken } from './authenticate.ts'
import { readClaims } from './claims.ts'
import type { IntrospectOptions } from './introspect.ts'
import { createSeen } from './seen.ts'
import { toVerifiedToken } from './verified-token.ts'

/** As whom the issuer is asked about API keys, and for how long its answers are believed. */
export interface ApiKeyOptions extends IntrospectOptions {
  /**
   * How long an answer is used again for the same key from the same address: 5 s unless told, 60 at most. What the feed
   * stops is refused at once all the same. A key with a rate is asked about every time.
   */
  readonly cacheSeconds?: number
}

/** API keys of the issuer, about each of which it is asked. */
export interface ApiKeys {
  /** Whether a text is one, by its form and its checksum: guesses end here. */
  isKey(text: string): boolean
  /** What the key is now; `mayRemember` is false where nobody would say that it was stopped meanwhile. */
  read(text: string, given: { readonly ip: string | undefined; readonly mayRemember: boolean }): Promise<AuthenticToken>
}

interface Answer {
  readonly token: AuthenticToken | undefined
  /** Whether the issuer counts how often it is asked. */
  readonly isCounted: boolean
  readonly untilMs: number
}

/** Asks through `ask`, once at a time for a key from an address that has no rate, and remembers a bounded number of answers. */
export const createApiKeys = (given: {
  readonly cacheSeconds: number
  readonly cacheEntriesMax: number
  monotonicMs(): number
  ask(form: Readonly<Record<string, string>>): Promise<JsonObject>
}): ApiKeys => {
  const answers = createSeen<Answer>(given.cacheEntriesMax)
  const asking = new Map<string, Promise<Answer>>()

  const ask = async (text: string, ip: string | undefined): Promise<Answer> => {
    const askedAtMs = given.monotonicMs()
    const body = await given.ask({ token: text, ...(ip === undefined ? {} : { source_ip: ip }) })
    const isCounted = typeof body.rate_per_minute === 'number'
    const untilMs = askedAtMs + (isCounted ? 0 : given.cacheSeconds * 1000)
    if (body.active !== true) return { token: undefined, isCounted, untilMs }
    const claims = readClaims(body, { lifetimeSecondsMax: Number.POSITIVE_INFINITY })
    const { targets, digest } = await nameToken(claims)
    return { token: { verified: toVerifiedToken(claims, body), targets, digest }, isCounted, untilMs }
  }

  const askOnce = async (name: string, text: string, ip: string | undefined): Promise<Answer> => {
    const known = asking.get(name)
    if (known !== undefined) {
      const shared = await known
      // One answer is one use: many uses at once must not count as one.
      return shared.isCounted ? ask(text, ip) : shared
    }
    const asked = ask(text, ip)
      .then((answer) => {
        if (answer.untilMs > given.monotonicMs()) answers.set(name, answer)
        return answer
      })
      .finally(() => asking.delete(name))
    asking.set(name, asked)
    return asked
  }

  return {
    isKey: (text) =>
      FORM.test(text) && checksumOf(text.slice(0, -CHECKSUM_CHARACTERS)) === text.slice(-CHECKSUM_CHARACTERS),
    read: async (text, { ip, mayRemember }) => {
      // By its digest: what is remembered is no key that could be stolen from here.
      const [digest = ''] = await sha256All([text])
      const name = JSON.stringify([digest, ip ?? null])
      const known = mayRemember ? answers.get(name) : undefined
      const isFresh = known !== undefined && known.untilMs > given.monotonicMs()
      const { token } = isFresh ? known : await askOnce(name, text, ip).catch(unanswered)
      if (token === undefined) throw new VerifyError('token_inactive')
      return token
    },
  }
}

const unanswered = (cause: unknown): never => {
  throw cause instanceof VerifyError ? cause : new VerifyError('view_stale', { cause })
}

const FORM = /^reeve_ak_[a-z0-9-]{1,32}_[0-9A-Za-z]{49}$/
const CHECKSUM_CHARACTERS = 6
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The last six characters of a key: the CRC-32 of the rest, in base 62. */
const checksumOf = (head: string): string => {
  let text = ''
  for (let rest = crc32(head); text.length < CHECKSUM_CHARACTERS; rest = Math.floor(rest / 62))
    text = (DIGITS[rest % 62] ?? '') + text
  return text
}

const crc32 = (ascii: string): number => {
  let sum = 0xffffffff
  for (const character of ascii) {
    sum ^= character.charCodeAt(0)
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0)
  }
  return (sum ^ 0xffffffff) >>> 0
}
