import type { Fetch } from '../bounded-fetch.ts'
import type { Clock } from '../clock.ts'
import type { Feed } from '../feed/feed.ts'
import type { Random } from '../random.ts'
import type { TokenGiver } from '../report/issuer-call.ts'

/** What an authorizer needs to know. */
export interface AuthorizerOptions {
  /** The URL of the Reeve server, without a slash at the end. */
  readonly issuer: string
  /** The name of the application in the register. */
  readonly application: string
  /** The id of the identity that asks, which the application lists in `askedBy`. */
  readonly identity: string
  /** Its token source, with the issuer as audience. */
  readonly as: TokenGiver
  /** strict (the default) refuses when it cannot know; bestEffort goes on by the rulebook it has, while that is valid. */
  readonly mode?: 'strict' | 'bestEffort'
  /** How old the rulebook and the view of what is stopped may be: 30 s unless told. */
  readonly stalenessSecondsMax?: number
  /** A feed to share. */
  readonly feed?: Feed
  readonly allowsPlainHttp?: boolean
  readonly fetch?: Fetch
  readonly clock?: Clock
  readonly random?: Random
  readonly signal?: AbortSignal
}

/** The rules of an authorizer, checked. */
export const checkedOptions = ({
  application,
  identity,
  mode = 'strict',
  stalenessSecondsMax = 30,
}: AuthorizerOptions) => {
  if (application === '') throw new TypeError('application must name one')
  if (identity === '') throw new TypeError('identity must be the id of the identity that asks')
  if (!MODES.includes(mode)) throw new TypeError(`mode must be ${MODES.join(' or ')}`)
  const isWithin = Number.isFinite(stalenessSecondsMax) && stalenessSecondsMax >= 1 && stalenessSecondsMax <= 3_600
  if (!isWithin) throw new TypeError('stalenessSecondsMax must be a number from 1 to 3600')
  return { application, identity, mode, stalenessSecondsMax }
}

const MODES: readonly string[] = ['strict', 'bestEffort'] satisfies AuthorizerOptions['mode'][]
