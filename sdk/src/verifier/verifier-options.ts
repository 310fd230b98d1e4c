import type { Fetch } from '../bounded-fetch.ts'
import type { Clock } from '../clock.ts'
import type { Feed } from '../feed/feed.ts'
import type { Random } from '../random.ts'
import type { TokenGiver } from '../report/issuer-call.ts'
import type { ReportBuffer } from '../report/report-buffer.ts'
import type { ApiKeyOptions } from './api-keys.ts'
import type { MtlsOptions } from './check-certificate.ts'
import type { DpopOptions } from './check-sender.ts'
import type { IntrospectOptions } from './introspect.ts'
import type { ResourceMetadataOptions } from './resource-metadata.ts'

/** What a verifier needs to know. */
export interface VerifierOptions {
  /** The URL of the Reeve server, without a slash at the end. */
  readonly issuer: string
  /** What this server is called as a resource; several when it goes by several names. */
  readonly audience: string | readonly string[]
  /** strict (the default) refuses when it cannot know whether a token was stopped; bestEffort goes on. */
  readonly mode?: 'strict' | 'bestEffort'
  /**
   * How it hears of stops: by following the feed (the default), within moments; or by the status lists that tokens name, within
   * the seconds that each list says, where no connection can be held open. The resource has to ask for those.
   */
  readonly revocation?: 'feed' | 'status-list'
  /** How old the view of the feed, or a status list, may be: 30 s unless told. */
  readonly stalenessSecondsMax?: number
  /** What the resource says of itself, where it serves that: refused requests are told where it is (RFC 9728). */
  readonly metadata?: ResourceMetadataOptions
  /** How tokens that are bound to a key are taken; they are in any case. */
  readonly dpop?: DpopOptions
  /** How tokens that are bound to a certificate are taken; over a TLS connection they are in any case. */
  readonly mtls?: MtlsOptions
  /** Ask the issuer about each token while the view is too old. */
  readonly introspect?: IntrospectOptions
  /** Take API keys of the issuer as well, and ask it about each; without it they are refused. */
  readonly apiKeys?: ApiKeyOptions
  /** The identity that serves the resource, with the issuer as audience: sends use reports and confirms the feed. */
  readonly reportAs?: TokenGiver
  /** Where reports wait: in memory unless told. */
  readonly reportBuffer?: ReportBuffer
  /** A feed to share. Without one, all in this process that reach this issuer by the same `fetch` share one. */
  readonly feed?: Feed
  /** How many tokens are remembered: 10 000 unless told. */
  readonly cacheEntriesMax?: number
  /** How far the clocks of issuer and verifier may differ: 5 s unless told, 60 at most. */
  readonly skewSeconds?: number
  /** The longest life a token may have: a day unless told. */
  readonly lifetimeSecondsMax?: number
  readonly allowsPlainHttp?: boolean
  readonly fetch?: Fetch
  readonly clock?: Clock
  readonly random?: Random
  readonly signal?: AbortSignal
}

/** The numbers and names of a verifier, checked. */
export const checkedRules = ({
  audience,
  mode = 'strict',
  revocation = 'feed',
  feed,
  stalenessSecondsMax = 30,
  cacheEntriesMax = 10_000,
  skewSeconds = 5,
  lifetimeSecondsMax = 86_400,
  apiKeys,
}: VerifierOptions) => {
  const audiences = typeof audience === 'string' ? [audience] : audience
  if (audiences.length === 0 || audiences.includes('')) throw new TypeError('audience must name this resource')
  if (!MODES.includes(mode)) throw new TypeError(`mode must be ${MODES.join(' or ')}`)
  if (!REVOCATIONS.includes(revocation)) throw new TypeError(`revocation must be ${REVOCATIONS.join(' or ')}`)
  if (revocation !== 'feed' && feed !== undefined) throw new TypeError('a verifier by status lists shares no feed')
  within('stalenessSecondsMax', stalenessSecondsMax, 1, 3_600)
  within('cacheEntriesMax', cacheEntriesMax, 0, 1_000_000)
  within('skewSeconds', skewSeconds, 0, 60)
  within('lifetimeSecondsMax', lifetimeSecondsMax, 1, 31_536_000)
  const { cacheSeconds: keySeconds = 5 } = apiKeys ?? {}
  within('apiKeys.cacheSeconds', keySeconds, 0, 60)
  return {
    audiences,
    mode,
    revocation,
    stalenessSecondsMax,
    cacheEntriesMax,
    skewSeconds,
    lifetimeSecondsMax,
    keySeconds,
  }
}

const REVOCATIONS: readonly string[] = ['feed', 'status-list'] satisfies VerifierOptions['revocation'][]
const MODES: readonly string[] = ['strict', 'bestEffort'] satisfies VerifierOptions['mode'][]

// A program without types may hand in the text of a setting: added to an end, it would make one that never comes.
const within = (name: string, value: unknown, min: number, max: number): void => {
  if (!(typeof value === 'number' && value >= min && value <= max))
    throw new RangeError(`${name} must be from ${min} to ${max}`)
}
