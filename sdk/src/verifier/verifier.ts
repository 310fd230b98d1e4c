import { type Fetch, globalFetch } from '../bounded-fetch.ts'
import { pause, systemClock } from '../clock.ts'
import { assertFeedOf } from '../feed/feed.ts'
import { shareFeed } from '../feed/shared-feed.ts'
import { checkedIssuer } from '../issuer-url.ts'
import { systemRandom } from '../random.ts'
import { createStatusLists } from '../status/status-lists.ts'
import { createSteadyTime } from '../steady-time.ts'
import { type PresentedScheme, VerifyError } from '../verify-error.ts'
import { type ApiKeys, createApiKeys } from './api-keys.ts'
import { type AuthenticToken, createAuthenticate, createListReader } from './authenticate.ts'
import { type Presented, type PresentedToken, presentedToken } from './bearer.ts'
import { createCertificateOf } from './check-certificate.ts'
import { createSenderCheck } from './check-sender.ts'
import { detailRefusal, type RequiredDetail } from './details.ts'
import { createIntrospection, createIntrospector } from './introspect.ts'
import { createKeySet } from './key-set.ts'
import { claimRefusal, scopeRefusal } from './refusal.ts'
import { type ResourceMetadata, resourceMetadata } from './resource-metadata.ts'
import { byFeed, byStatusLists, type RevocationStatus } from './revocations.ts'
import { createSeen } from './seen.ts'
import { createUseLog, type UseLogStatus } from './use-log.ts'
import type { VerifiedToken } from './verified-token.ts'
import { checkedRules, type VerifierOptions } from './verifier-options.ts'

/** What a token is used for. */
export interface Use {
  /** The name of what is done, for use reports; it is also the scope that is required unless `scopes` says otherwise. */
  readonly action?: string
  /** The scopes that are required, all of them. */
  readonly scopes?: readonly string[]
  /** An authorization detail that is required (RFC 9396); the action is then looked for in it, in place of the scopes. */
  readonly detail?: RequiredDetail
  /** The address of the caller, for use reports, and for API keys that are bound to a network. */
  readonly ip?: string | undefined
}

/** Checks tokens without asking the issuer, and knows within moments what was stopped. */
export interface Verifier {
  /** Judges a token, an authorization header or a request; throws a VerifyError when it is refused. */
  verify(presented: Presented, use?: Use): Promise<VerifiedToken>
  /** Judges at once a token that was verified before; undefined when it was not, or when a proof, a certificate or the issuer must be looked at. */
  verifySeen(presented: Presented, use?: Use): VerifiedToken | undefined
  /** Settles when keys and revocations have been loaded; rejects when the verifier is closed before. */
  ready(): Promise<void>
  status(): VerifierStatus
  /** The document of the resource (RFC 9728), where the verifier was told of one: serve it at its path. */
  readonly metadata?: ResourceMetadata | undefined
  /** Stops following, sends what reports are held if it can, and holds nothing open any more. */
  close(): Promise<void>
}

/** How a verifier is doing. */
export interface VerifierStatus extends RevocationStatus {
  readonly seenTokens: number
  readonly reports: UseLogStatus
}

/**
 * Makes a verifier for one resource.
 *
 * @example
 * const verifier = createVerifier({ issuer: 'https://reeve.example', audience: 'https://orders.example' })
 * const token = await verifier.verify(request, { action: 'orders.read' })
 */
export const createVerifier = (options: VerifierOptions): Verifier => {
  const { clock = systemClock, random = systemRandom } = options
  const issuer = checkedIssuer(options.issuer, options)
  assertFeedOf(issuer, options.feed)
  const { mode, revocation, stalenessSecondsMax, cacheEntriesMax, lifetimeSecondsMax, keySeconds, ...rest } =
    checkedRules(options)
  const rules = { issuer, ...rest }
  const fetch: Fetch = options.fetch ?? globalFetch
  const controller = new AbortController()
  const { signal } = controller
  const outside = { issuer, fetch, clock, random, signal }

  const about = options.metadata
  const metadata =
    about === undefined ? undefined : resourceMetadata(issuer, about.resource ?? rules.audiences[0] ?? '', about)
  const time = createSteadyTime(clock)
  const seen = createSeen<AuthenticToken>(cacheEntriesMax)
  let withdrawals = 0
  const onWithdrawn = (): void => {
    withdrawals += 1
    seen.clear()
  }
  const senders = createSenderCheck({
    dpop: options.dpop,
    certificateOf: createCertificateOf(options.mtls),
    clock,
    time,
  })
  const keyNews = new Set<() => void>()
  const onChange = (): void => {
    for (const listener of keyNews) listener()
  }
  const keySet = createKeySet({ ...outside, onWithdrawn, onChange })
  const authenticate = createAuthenticate({ keySet, lifetimeSecondsMax })
  const refusalByClaims = (token: AuthenticToken) => claimRefusal(token, rules, time.nowSeconds())
  const feed = revocation === 'feed' ? (options.feed ?? shareFeed(outside)) : undefined
  const bounds = { secondsMax: stalenessSecondsMax, skewSeconds: rules.skewSeconds }
  const revocations =
    feed === undefined
      ? byStatusLists(createStatusLists({ ...outside, ...bounds, time, verify: createListReader(keySet) }), {
          ...{ issuer, ...bounds },
          isWorthAsking: (token) => refusalByClaims(token) === undefined,
        })
      : byFeed(feed, { clock, signal, ...bounds })
  const ask =
    options.introspect === undefined
      ? undefined
      : createIntrospection(createIntrospector({ ...outside, introspect: options.introspect }))
  const apiKeys =
    options.apiKeys === undefined
      ? undefined
      : createApiKeys({
          cacheSeconds: keySeconds,
          cacheEntriesMax,
          monotonicMs: () => clock.monotonicMs(),
          ask: createIntrospector({ ...outside, introspect: options.apiKeys }),
        })
  const confirmedKeys = { ids: keySet.ids, onChange: (listener: () => void) => void keyNews.add(listener) }
  const uses = createUseLog({
    ...{ ...outside, feed, keys: confirmedKeys },
    ...{ as: options.reportAs, buffer: options.reportBuffer },
  })
  const hearKeys = (): void => keySet.hear(feed?.keys)
  const stopHearing = feed?.onChange(hearKeys)
  hearKeys()

  const refusalOf = (token: AuthenticToken) => refusalByClaims(token) ?? revocations.stopOf(token)

  const refuse = (token: AuthenticToken, use: Use, error: VerifyError): never => {
    uses.add(token, use, error)
    throw error
  }

  const allow = (token: AuthenticToken, use: Use): VerifiedToken => {
    const { action, detail } = use
    const scopes = use.scopes ?? (action === undefined || detail !== undefined ? [] : [action])
    const refusal =
      scopeRefusal(token.verified.scopes, scopes) ??
      (detail === undefined ? undefined : detailRefusal(token.verified.details, detail, action))
    if (refusal !== undefined) return refuse(token, use, refusal)
    uses.add(token, use, undefined)
    return token.verified
  }

  /** Refuses a token by the wrong scheme; false: its proof is still to be looked at. */
  const isBearer = (token: AuthenticToken, shown: PresentedToken, presented: Presented, use: Use): boolean => {
    const found = senders.byScheme(token.verified, shown, presented)
    return found instanceof VerifyError ? refuse(token, use, found) : found === 'bearer'
  }

  // INVARIANT: at every use, also of a token that was seen before.
  const mustBeSender = async (token: AuthenticToken, shown: PresentedToken, presented: Presented, use: Use) => {
    if (isBearer(token, shown, presented, use)) return
    // A proof for what is over anyway is not worth remembering.
    const refusal = refusalOf(token)
    const wrong = refusal ?? (await senders.byProof(token.verified, shown, presented))
    if (wrong !== undefined) refuse(token, use, wrong)
  }

  /** Undefined: only the issuer can tell. */
  const judge = (token: AuthenticToken, use: Use): VerifiedToken | undefined => {
    if (signal.aborted) throw new VerifyError('verifier_closed')
    const refusal = refusalOf(token)
    if (refusal !== undefined) return refuse(token, use, refusal)
    const doubt = revocations.doubtOf(token)
    if (doubt !== undefined) {
      if (ask !== undefined) return undefined
      if (mode !== 'bestEffort') return refuse(token, use, doubt)
    }
    return allow(token, use)
  }

  const judgeByIssuer = async (text: string, token: AuthenticToken, use: Use): Promise<VerifiedToken> => {
    const answer = await ask?.(text).catch((cause: unknown) => ({ cause }))
    // What was heard while the issuer was asked still counts.
    const refusal = refusalOf(token)
    if (refusal !== undefined) return refuse(token, use, refusal)
    if (answer === false) return refuse(token, use, new VerifyError('token_inactive'))
    if (answer !== true && mode !== 'bestEffort')
      return refuse(token, use, new VerifyError('view_stale', { ...answer }))
    return allow(token, use)
  }

  const judgeKey = async (keys: ApiKeys, text: string, use: Use): Promise<VerifiedToken> => {
    if (signal.aborted) throw new VerifyError('verifier_closed')
    const token = await keys.read(text, { ip: use.ip, mayRemember: revocations.mayRemember() })
    // What was heard since the issuer answered counts, whenever that was.
    const refusal = refusalOf(token)
    return refusal === undefined ? allow(token, use) : refuse(token, use, refusal)
  }

  const recall = (text: string): AuthenticToken | undefined => {
    keySet.keepFresh()
    return seen.get(text)
  }

  const learn = async (text: string): Promise<AuthenticToken> => {
    if (signal.aborted) throw new VerifyError('verifier_closed')
    const withdrawalsBefore = withdrawals
    const token = await authenticate(text)
    // A key that was withdrawn meanwhile verifies nothing that is remembered.
    if (withdrawals === withdrawalsBefore) seen.set(text, token)
    return token
  }

  keySet.load().catch(() => {})

  const close = async (): Promise<void> => {
    if (signal.aborted) return
    controller.abort()
    stopHearing?.()
    if (options.feed === undefined) feed?.close()
    seen.clear()
    await uses.close()
  }
  if (options.signal?.aborted) void close()
  options.signal?.addEventListener('abort', () => void close(), { once: true })

  return {
    verify: async (presented, use = {}) => {
      let scheme: PresentedScheme = 'Bearer'
      try {
        const shown = presentedToken(presented)
        scheme = shown.scheme
        if (scheme === 'Bearer' && apiKeys?.isKey(shown.token) === true)
          return await judgeKey(apiKeys, shown.token, use)
        const token = recall(shown.token) ?? (await learn(shown.token))
        const waited = revocations.prepare(token)
        if (waited !== undefined) await waited
        await mustBeSender(token, shown, presented, use)
        return judge(token, use) ?? (await judgeByIssuer(shown.token, token, use))
      } catch (error) {
        throw error instanceof VerifyError ? error.challenging(scheme, metadata?.url) : error
      }
    },
    verifySeen: (presented, use = {}) => {
      const shown = presentedToken(presented)
      const token = recall(shown.token)
      if (token === undefined || !isBearer(token, shown, presented, use)) return undefined
      return revocations.prepare(token) === undefined ? judge(token, use) : undefined
    },
    ready: async () => {
      await revocations.ready()
      while (!signal.aborted) {
        const isLoaded = await keySet.load().then(
          () => true,
          () => false,
        )
        if (isLoaded) return
        await pause(clock, keysRetryMs, signal)
      }
      throw new VerifyError('verifier_closed')
    },
    status: () => ({
      ...revocations.status(),
      seenTokens: seen.size,
      reports: uses.status(),
    }),
    metadata,
    close,
  }
}

const keysRetryMs = 1_000
