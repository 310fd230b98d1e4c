import { type Fetch, fetchText, globalFetch } from '../bounded-fetch.ts'
import { type Clock, pause, systemClock } from '../clock.ts'
import { assertFeedOf, type Feed } from '../feed/feed.ts'
import { shareFeed } from '../feed/shared-feed.ts'
import { checkedIssuer } from '../issuer-url.ts'
import { type Random, systemRandom } from '../random.ts'
import { headersInTime, type TokenGiver, tokenIn } from '../report/issuer-call.ts'
import { identityTargets, revocationTarget, type ScopedTarget } from '../revocation-target.ts'
import { issuerPaths } from '../wire.ts'
import { readSenders } from './read-senders.ts'
import { createSeenSenders } from './seen-senders.ts'
import { WebhookError } from './webhook-error.ts'

/** An identity that signs webhooks. */
export interface WebhookSender {
  readonly identity: string
  readonly name: string
  /** The team that answers for it. */
  readonly owner: string
  /** By which of its secrets. */
  readonly credential: string
  /** What its webhooks may ask of the resource; that this one asks for no more is yours to look at. */
  readonly actions: readonly string[]
}

/** How to learn who signs webhooks. */
export interface WebhookSendersOptions {
  /** Reeve's address. */
  readonly issuer: string
  /** The URI of the resource that takes the webhooks. */
  readonly resource: string
  /** The identity that serves the resource, with the issuer as audience. */
  readonly as: TokenGiver
  /** How long an answer is gone by before it is asked again: 60 s unless told. What is stopped meanwhile, the feed tells. */
  readonly cacheSeconds?: number
  /** How old the view of the feed may be: 30 s unless told. */
  readonly stalenessSecondsMax?: number
  /** A feed to share. Without one, all in this process that reach this issuer by the same `fetch` share one. */
  readonly feed?: Feed
  /** Lets the issuer be plain http anywhere, and not on loopback alone. */
  readonly allowsPlainHttp?: boolean
  readonly fetch?: Fetch
  readonly clock?: Clock
  readonly random?: Random
}

/** The secrets of one moment, with who signs by each. */
export interface HeldSecrets {
  readonly secrets: readonly string[]
  readonly senders: readonly WebhookSender[] | undefined
}

/** Who signs webhooks to a resource, as Reeve says; hand it to `createWebhookVerifier` as `secrets`. */
export interface WebhookSenders {
  /** Throws a WebhookError where it cannot be told. */
  held(): Promise<HeldSecrets>
  /** What is newer than that, where there may be something; asked for every few seconds at most. */
  newer(than: HeldSecrets): Promise<HeldSecrets | undefined>
  /** Throws a WebhookError when the sender was stopped; else Reeve is told that it was seen, at the next turn. */
  believed(sender: WebhookSender, ip: string | undefined): void
  /** Tells what is still to be told, and ends following the feed. */
  close(): Promise<void>
}

interface Answer extends HeldSecrets {
  readonly senders: readonly WebhookSender[]
  readonly endsAtMs: readonly number[]
  readonly targets: ReadonlyMap<string, readonly ScopedTarget[]>
  readonly atMs: number
}

/**
 * Learns from Reeve who signs webhooks to a resource: both secrets while one is rotated, and nobody who was stopped.
 *
 * @example
 * const secrets = createWebhookSenders({ issuer, resource: 'https://orders.acme.example/', as: tokens })
 * const webhooks = createWebhookVerifier({ form: 'standard', secrets })
 */
export const createWebhookSenders = (options: WebhookSendersOptions): WebhookSenders => {
  const { resource, as, cacheSeconds = 60, stalenessSecondsMax = 30 } = options
  const { fetch = globalFetch, clock = systemClock, random = systemRandom } = options
  const issuer = checkedIssuer(options.issuer, options)
  assertFeedOf(issuer, options.feed)
  const feed = options.feed ?? shareFeed({ issuer, fetch, clock, random })
  const seen = createSeenSenders(clock)
  let last: Answer | undefined
  let asking: Promise<Answer> | undefined
  let askedAtMs = Number.NEGATIVE_INFINITY
  let cancelTelling: (() => void) | undefined
  const firstView = feed.view.seq === undefined ? firstOf(feed, clock) : undefined

  const askOnce = async (): Promise<Answer> => {
    const atMs = clock.monotonicMs()
    askedAtMs = atMs
    const url = issuer + issuerPaths.webhookTake
    const headers = await headersInTime(as, clock, { method: 'POST', url })
    const told = seen.take()
    const answer = await fetchText({ fetch, clock }, url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ resource, seen: told }),
    }).catch((cause: unknown) => {
      seen.putBack(told)
      throw cause
    })
    if (answer.status !== 200) {
      // What was refused for what it says would be refused again, with every sender that is asked for in the same breath.
      if (answer.status !== 400) seen.putBack(told)
      if (answer.status === 401) as.drop?.(tokenIn(headers))
      throw new WebhookError('senders_unknown')
    }
    const read = readSenders(answer.text)
    const targets = await Promise.all(
      read.senders.map(
        async (sender): Promise<[string, readonly ScopedTarget[]]> => [
          sender.credential,
          await targetsOf(issuer, sender),
        ],
      ),
    )
    last = { ...read, targets: new Map(targets), atMs }
    return last
  }
  const ask = (): Promise<Answer> => {
    asking ??= askOnce().finally(() => {
      asking = undefined
    })
    return asking
  }

  // The answer that a list was cut from: it is no newer than that.
  const cutFrom = new WeakMap<HeldSecrets['secrets'], Answer>()

  const inForce = (answer: Answer): HeldSecrets => {
    const isOver = answer.endsAtMs.some((endsAtMs) => endsAtMs <= clock.nowMs())
    if (!isOver) return answer
    const senders = answer.senders.filter((_, at) => (answer.endsAtMs[at] ?? 0) > clock.nowMs())
    const secrets = answer.secrets.filter((_, at) => (answer.endsAtMs[at] ?? 0) > clock.nowMs())
    cutFrom.set(secrets, answer)
    return { secrets, senders }
  }

  const held = async (): Promise<HeldSecrets> => {
    if (feed.view.seq === undefined) await firstView
    const known = last
    const ageSeconds = known === undefined ? Number.POSITIVE_INFINITY : (clock.monotonicMs() - known.atMs) / 1000
    if (known !== undefined && ageSeconds < cacheSeconds) return inForce(known)
    try {
      return inForce(await ask())
    } catch {
      // Which secrets there are changes seldom; that none of them was stopped, the feed says, or nobody does.
      if (known === undefined || ageSeconds > KEPT_SECONDS) throw new WebhookError('senders_unknown')
      return inForce(known)
    }
  }

  return {
    held,
    newer: async (than) => {
      const isOfLast = last?.secrets === than.secrets || (last !== undefined && cutFrom.get(than.secrets) === last)
      if (last !== undefined && !isOfLast) return inForce(last)
      if (clock.monotonicMs() - askedAtMs < ASKED_MS_MIN) return undefined
      return ask().then(inForce, () => undefined)
    },
    believed: (sender, ip) => {
      if ((feed.view.ageSeconds() ?? Number.POSITIVE_INFINITY) > stalenessSecondsMax)
        throw new WebhookError('senders_unknown')
      const targets = last?.targets.get(sender.credential)
      if (targets === undefined || feed.view.stoppedScope(targets) !== undefined)
        throw new WebhookError('sender_stopped')
      seen.add(sender.credential, ip)
      // Where no webhook comes for a while, what came before is told all the same.
      cancelTelling ??= clock.after(cacheSeconds * 1000, () => {
        cancelTelling = undefined
        if (seen.size > 0) void ask().catch(() => {})
      })
    },
    close: async () => {
      cancelTelling?.()
      if (seen.size > 0) await ask().catch(() => {})
      if (options.feed === undefined) feed.close()
    },
  }
}

// A secret of a stranger makes nobody ask more often than this.
const ASKED_MS_MIN = 5_000
const KEPT_SECONDS = 3_600

// Webhooks that come with the first breath wait this long for the first view.
const FIRST_VIEW_MS = 3_000

const firstOf = (feed: Feed, clock: Clock): Promise<unknown> =>
  Promise.race([feed.ready().catch(() => {}), pause(clock, FIRST_VIEW_MS, new AbortController().signal)])

const targetsOf = async (issuer: string, { identity, owner, credential }: WebhookSender) => [
  { scope: 'credential' as const, target: revocationTarget('credential', credential) },
  ...(await identityTargets({ iss: issuer, sub: identity, owner })),
]
