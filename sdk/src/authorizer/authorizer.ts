import { type Fetch, globalFetch } from '../bounded-fetch.ts'
import { pause, systemClock } from '../clock.ts'
import { assertFeedOf } from '../feed/feed.ts'
import { shareFeed } from '../feed/shared-feed.ts'
import { checkedIssuer } from '../issuer-url.ts'
import { jittered, systemRandom } from '../random.ts'
import { identityTargets, type ScopedTarget } from '../revocation-target.ts'
import { createSteadyTime } from '../steady-time.ts'
import { createKeySet } from '../verifier/key-set.ts'
import { type AuthorizerOptions, checkedOptions } from './authorizer-options.ts'
import { decideByRulebook } from './decide-by-rulebook.ts'
import { createIssuerAnswers, IssuerRefused } from './issuer-answers.ts'
import { type Authorization, type Question, undecided } from './question.ts'
import { openRulebook, type Rulebook, RulebookRefused } from './rulebook.ts'

/** Decides questions about an application's things here, by what the issuer signed, and asks it where that is not enough. */
export interface Authorizer {
  /** May this be done? Never throws: what cannot be decided is refused, with a code. */
  authorize(question: Question): Promise<Authorization>
  /** Fetches the rulebook now; throws when it is not to be had or not to be taken. */
  refresh(): Promise<void>
  status(): AuthorizerStatus
  close(): void
}

/** How an authorizer is doing. */
export interface AuthorizerStatus {
  /** The revision of the policies that are decided by here. */
  readonly revision: string | null
  readonly rulebookAgeSeconds: number | null
  readonly feedAgeSeconds: number | null
  /** Whether questions have to be asked of the issuer now. */
  readonly isStale: boolean
  /** Why the last rulebook was not taken. */
  readonly problem: string | null
}

/**
 * Makes an authorizer for one application.
 *
 * @example
 * const authorizer = createAuthorizer({ issuer: 'https://reeve.example', application: 'records', identity: 'nhi_…', as: source })
 * const { isAllowed } = await authorizer.authorize({ subject, action: { name: 'read' }, resource })
 */
export const createAuthorizer = (options: AuthorizerOptions): Authorizer => {
  const { clock = systemClock, random = systemRandom } = options
  const issuer = checkedIssuer(options.issuer, options)
  assertFeedOf(issuer, options.feed)
  const { application, identity, mode, stalenessSecondsMax } = checkedOptions(options)
  const fetch: Fetch = options.fetch ?? globalFetch
  const controller = new AbortController()
  const { signal } = controller
  const outside = { issuer, fetch, clock, random, signal }
  const time = createSteadyTime(clock)
  const feed = options.feed ?? shareFeed(outside)
  const asked = createIssuerAnswers({ ...outside, as: options.as })

  let held: Held | undefined
  let newestIssuedAt = Number.NEGATIVE_INFINITY
  let problem: string | null = null
  const drop = (): void => {
    held = undefined
  }
  const keySet = createKeySet({ ...outside, onWithdrawn: drop })

  const take = async (): Promise<void> => {
    // Taken before the request: the rulebook says at least what was in force then.
    const askedAtMs = clock.monotonicMs()
    const text = await asked.rulebook(application)
    const book = await openRulebook(text, { keySet, issuer, identity, application })
    // INVARIANT: nobody takes us back to rules that were replaced.
    if (book.issuedAtSeconds < newestIssuedAt) throw new RulebookRefused('it is older than one that was taken')
    if (book.notAfterSeconds <= time.nowSeconds()) throw new RulebookRefused('it is over')
    // A rulebook that is handed in again is no fresher for it.
    const isSame = held !== undefined && book.issuedAtSeconds === newestIssuedAt
    const targets = await identityTargets({ iss: issuer, sub: identity, owner: book.owner })
    newestIssuedAt = book.issuedAtSeconds
    held = { book, targets, askedAtMs: isSame && held !== undefined ? held.askedAtMs : askedAtMs }
  }

  let taking: Promise<void> | undefined
  const refresh = (): Promise<void> => {
    taking ??= take()
      .then(
        () => {
          problem = null
        },
        (error: unknown) => {
          problem = error instanceof Error ? error.message : 'unknown'
          if (error instanceof IssuerRefused) drop()
          throw error
        },
      )
      .finally(() => {
        taking = undefined
      })
    return taking
  }

  const keepFresh = async (): Promise<void> => {
    while (!signal.aborted) {
      keySet.keepFresh()
      await refresh().catch(() => {})
      await pause(clock, jittered((stalenessSecondsMax * 1000) / 3, random), signal)
    }
  }

  const rulebookAge = (): number | undefined =>
    held === undefined ? undefined : (clock.monotonicMs() - held.askedAtMs) / 1000
  const isFresh = (ageSeconds: number | undefined): boolean =>
    ageSeconds !== undefined && ageSeconds <= stalenessSecondsMax
  const isStale = (): boolean => !isFresh(rulebookAge()) || !isFresh(feed.view.ageSeconds())

  /** By the rulebook, however old it is, as long as it is valid. */
  const decideHere = (question: Question): Authorization | undefined => {
    if (held === undefined || held.book.notAfterSeconds <= time.nowSeconds()) return undefined
    return decideByRulebook(held.book, question, time.nowSeconds() * 1000)
  }

  /** What ends every decision of this authorizer, whoever decided it. */
  const ended = (): Authorization | undefined => {
    if (signal.aborted) return undecided('closed')
    return held !== undefined && feed.view.stoppedScope(held.targets) !== undefined ? undecided('stopped') : undefined
  }

  const decide = async (question: Question): Promise<Authorization> => {
    const here = isStale() ? undefined : decideHere(question)
    if (here !== undefined) return here
    const answer = await asked.evaluate(question).catch(() => undefined)
    if (answer !== undefined) return answer
    const lastKnown = mode === 'bestEffort' ? decideHere(question) : undefined
    return lastKnown ?? undecided('view_stale')
  }

  void keepFresh()

  const close = (): void => {
    if (signal.aborted) return
    controller.abort()
    if (options.feed === undefined) feed.close()
    drop()
  }
  if (options.signal?.aborted) close()
  options.signal?.addEventListener('abort', close, { once: true })

  return {
    authorize: async (question) => {
      const before = ended()
      if (before !== undefined) return before
      const answer = await decide(question)
      // What was heard while the issuer was asked still counts.
      return ended() ?? answer
    },
    refresh,
    status: () => ({
      revision: held?.book.revision ?? null,
      rulebookAgeSeconds: rulebookAge() ?? null,
      feedAgeSeconds: feed.view.ageSeconds() ?? null,
      isStale: isStale(),
      problem,
    }),
    close,
  }
}

interface Held {
  readonly book: Rulebook
  /** What stops the identity that it was handed to. */
  readonly targets: readonly ScopedTarget[]
  readonly askedAtMs: number
}
