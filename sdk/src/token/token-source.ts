import type { Fetch } from '../bounded-fetch.ts'
import { type Clock, systemClock } from '../clock.ts'
import { assertFeedOf, type Feed, pollFeed } from '../feed/feed.ts'
import { checkedIssuer } from '../issuer-url.ts'
import { jittered, type Random, systemRandom } from '../random.ts'
import { authorizedFetch } from './authorized-fetch.ts'
import { type ClientAuth, createClientAuth } from './client-auth.ts'
import { type MtlsOptions, mtlsFetch } from './mtls-fetch.ts'
import { type ExchangeOptions, type HeldToken, requestToken } from './request-token.ts'
import { bearerSender, dpopSender, type Sender } from './sender.ts'
import { certificateEndpoint, plainEndpoint } from './token-endpoint.ts'
import { TokenError } from './token-error.ts'
import { createTokenHolder, type TokenFollower } from './token-holder.ts'

/** What a token source needs to know. */
export interface TokenSourceOptions {
  /** The URL of the Reeve server, without a slash at the end. */
  readonly issuer: string
  /** The id of the identity, `nhi_…`. */
  readonly clientId: string
  /** How the identity proves itself; with `mtls` by its certificate, unless something else is said here. */
  readonly auth?: ClientAuth
  /** The resource that the token is for. */
  readonly audience: string
  readonly scope?: string | readonly string[]
  /**
   * What the token is for, more exactly than a scope says it (RFC 9396): each with `type`, `actions` and the fields that the
   * resource registered. All of it is granted or nothing; without `scope` the token has no scope besides.
   */
  readonly details?: readonly Readonly<Record<string, unknown>>[]
  /**
   * Binds each token to a key (RFC 9449), so that whoever steals the token alone cannot use it. `true` makes a key that
   * nobody can take out of this process.
   */
  readonly dpop?: boolean | CryptoKeyPair
  /**
   * Shows this certificate to the issuer and to the resource (RFC 8705), in Node: each token is bound to it, so that whoever
   * steals the token alone cannot use it. A renewed certificate needs a new source.
   */
  readonly mtls?: MtlsOptions
  /** The id of the one identity that may exchange the token, to act for this one with it (RFC 8693 §4.4). */
  readonly mayAct?: string
  /** Acts for the subject of another token: what is held is a token by exchange (RFC 8693). */
  readonly exchange?: ExchangeOptions
  /** Where `fetch` may take the token besides the audience itself. */
  readonly origins?: readonly string[]
  /** A feed to share; false follows none, and a stopped token is then noticed when a resource refuses it. */
  readonly feed?: Feed | false
  readonly allowsPlainHttp?: boolean
  readonly fetch?: Fetch
  readonly clock?: Clock
  readonly random?: Random
  readonly signal?: AbortSignal
}

/** A token that is always fresh. */
export interface TokenSource {
  /** A token that is valid now; the issuer is asked only when there is none. */
  token(): Promise<string>
  /** Fetches from the resource with the token, and once more with a new one when it is refused as invalid. */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>
  /** The headers by which another client than `fetch` presents the token: of a bound one, for this one request. */
  headers(request: { readonly method: string; readonly url: string }): Promise<Readonly<Record<string, string>>>
  /**
   * Tells of each token as it comes, the one held now first, and of none when it was stopped or ended before the next
   * came. As long as somebody follows, the token is renewed whether or not it is used, and asked for again and again.
   * Gives back what ends it.
   */
  follow(follower: TokenFollower): () => void
  /** Forgets a token that somebody would not take. */
  drop(token: string): void
  status(): TokenSourceStatus
  close(): void
}

/** How a token source is doing. */
export interface TokenSourceStatus {
  readonly holdsToken: boolean
  readonly expiresInSeconds: number | null
  /** Whether the issuer is being asked at this moment. */
  readonly isRenewing: boolean
  readonly failures: number
  readonly lastError: TokenError | null
}

/**
 * Gets tokens for one identity and one resource, and renews them at half their life.
 *
 * @example
 * const source = createTokenSource({ issuer, clientId, auth: { privateKey }, audience: 'https://orders.example' })
 * const response = await source.fetch('https://orders.example/orders')
 */
export const createTokenSource = (options: TokenSourceOptions): TokenSource => {
  const { clientId, audience, mayAct, exchange, clock = systemClock, random = systemRandom } = options
  const issuer = checkedIssuer(options.issuer, options)
  assertFeedOf(issuer, options.feed)
  const { auth, fetch } = wayOf(options)
  const scope = typeof options.scope === 'string' ? options.scope : options.scope?.join(' ')
  // Read once: what is changed in it later is asked for by nobody.
  const details = options.details === undefined ? undefined : JSON.stringify(options.details)
  const authenticate = createClientAuth({ issuer, clientId, auth, clock, random })
  const sender = senderOf(options, { clock, random })
  const endpoint = options.mtls === undefined ? plainEndpoint(issuer) : certificateEndpoint({ issuer, fetch, clock })
  const controller = new AbortController()
  const { signal } = controller

  const holder = createTokenHolder(clock)
  const { valid, hold } = holder
  let wasUsed = false
  let renewing: Promise<HeldToken> | undefined
  let failures = 0
  let retryAtMs = Number.NEGATIVE_INFINITY
  let lastError: TokenError | undefined
  let cancelTimer = () => {}
  let feed = options.feed === false ? undefined : options.feed
  let stopListening: (() => void) | undefined

  const isStopped = ({ targets }: HeldToken): boolean => feed?.view.stoppedScope(targets) !== undefined

  const forget = (): void => {
    hold(undefined)
    // Whoever follows waits for another one: the stop may be undone, or may have been of this token alone.
    if (holder.isFollowed()) wake(Math.max(jittered(retryMsMin, random), retryAtMs - clock.monotonicMs()))
  }

  const dropStopped = (): void => {
    const held = holder.held()
    if (held !== undefined && isStopped(held)) forget()
  }

  const listen = (): void => {
    if (options.feed === false || signal.aborted || stopListening !== undefined) return
    feed ??= pollFeed({ issuer, fetch, clock, random, signal })
    stopListening = feed.onChange(dropStopped)
  }

  const obtain = async (): Promise<HeldToken> => {
    try {
      const fresh = await requestToken({
        endpoint,
        audience,
        scope,
        details,
        mayAct,
        exchange,
        authenticate,
        sender,
        fetch,
        clock,
        signal,
      })
      if (signal.aborted) throw closed()
      // A stop that was heard of while the request was under way.
      if (isStopped(fresh)) throw new TokenError('token_stopped', 'the token was stopped as it was issued')
      wasUsed = false
      failures = 0
      lastError = undefined
      // Before it is told of: who is told may drop it, and then waits for another one.
      wake((fresh.endsAtMs - fresh.obtainedAtMs) * (renewFrom + renewSpread * random.fraction()))
      hold(fresh)
      listen()
      return fresh
    } catch (cause) {
      endpoint.forget()
      failures += 1
      lastError = cause instanceof TokenError ? cause : new TokenError('no_proof', whyNoProof(cause), { cause })
      const delayMs = jittered(Math.min(retryMsMin * 2 ** Math.min(failures - 1, 10), retryMsMax), random)
      retryAtMs = clock.monotonicMs() + delayMs
      if (!signal.aborted && (valid() !== undefined || holder.isFollowed())) wake(delayMs)
      throw lastError
    }
  }

  const renew = (): Promise<HeldToken> => {
    renewing ??= obtain().finally(() => {
      renewing = undefined
    })
    return renewing
  }

  /** A token that nobody used since it came is not renewed: it would be a credential for nobody. */
  const wake = (delayMs: number): void => {
    cancelTimer()
    cancelTimer = clock.after(delayMs, () => {
      if ((wasUsed || holder.isFollowed()) && !signal.aborted) renew().catch(() => {})
    })
  }

  const isPastHalf = ({ obtainedAtMs, endsAtMs }: HeldToken): boolean =>
    clock.monotonicMs() > obtainedAtMs + (endsAtMs - obtainedAtMs) * (renewFrom + renewSpread)

  const token = async (): Promise<string> => {
    if (signal.aborted) throw closed()
    const mayAsk = clock.monotonicMs() >= retryAtMs
    const current = valid()
    if (current !== undefined) {
      wasUsed = true
      if (isPastHalf(current) && mayAsk) renew().catch(() => {})
      return current.token
    }
    if (!mayAsk && lastError !== undefined && renewing === undefined) throw lastError
    const fresh = await renew()
    wasUsed = true
    return fresh.token
  }

  const follow = (follower: TokenFollower): (() => void) => {
    const end = holder.follow(follower)
    if (valid() === undefined && renewing === undefined && !signal.aborted)
      wake(Math.max(0, retryAtMs - clock.monotonicMs()))
    return end
  }

  const drop = (refused: string): void => {
    if (holder.held()?.token === refused) forget()
  }

  const close = (): void => {
    controller.abort()
    cancelTimer()
    stopListening?.()
    hold(undefined)
  }
  if (options.signal?.aborted) close()
  options.signal?.addEventListener('abort', close, { once: true })

  return {
    token,
    follow,
    drop,
    close,
    headers: async ({ method, url }) => (await sender.present(method, url, await token())).headers,
    fetch: authorizedFetch({ token, drop, sender, fetch, audience, origins: options.origins ?? [] }),
    status: () => {
      const current = valid()
      return {
        isRenewing: renewing !== undefined,
        holdsToken: current !== undefined,
        expiresInSeconds: current === undefined ? null : (current.endsAtMs - clock.monotonicMs()) / 1000,
        failures,
        lastError: lastError ?? null,
      }
    },
  }
}

/** How the identity proves itself, and over which connections. */
const wayOf = ({ auth, mtls, fetch }: TokenSourceOptions): { auth: ClientAuth; fetch: Fetch } => {
  if (mtls !== undefined) {
    if (fetch !== undefined) throw new TypeError('mtls has a fetch of its own; give one of the two')
    return { auth: auth ?? 'certificate', fetch: mtlsFetch(mtls) }
  }
  if (auth === undefined || auth === 'certificate')
    throw new TypeError('auth or mtls is needed: the identity must prove itself')
  return { auth, fetch: fetch ?? ((url, init) => globalThis.fetch(url, init)) }
}

const senderOf = ({ dpop, mtls }: TokenSourceOptions, given: { clock: Clock; random: Random }): Sender => {
  const isBearer = dpop === undefined || dpop === false
  const sender = isBearer ? bearerSender : dpopSender({ key: dpop === true ? undefined : dpop, ...given })
  return mtls === undefined ? sender : { ...sender, showsCertificate: true }
}

// Half of its life, give or take a tenth of it.
const renewFrom = 0.45
const renewSpread = 0.1
const retryMsMin = 1_000
const retryMsMax = 30_000

const whyNoProof = (cause: unknown): string =>
  `no proof could be made${cause instanceof Error ? `: ${cause.message}` : ''}`

const closed = () => new TokenError('source_closed', 'the token source was closed')
