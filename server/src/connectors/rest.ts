import type { Answered } from '../kit/fetch.ts'
import { type Asking, VendorError } from './vendor.ts'

/** A vendor's API of JSON over HTTP. */
export interface Rest {
  /** The value of an answer, and its headers. */
  get(pathOrUrl: string): Promise<RestAnswer>
  send(method: string, path: string, body: string, type: string): Promise<RestAnswer>
}

/** An answer that came whole and was JSON; nothing of it is believed. */
export interface RestAnswer {
  readonly value: unknown
  readonly headers: Readonly<Record<string, string>>
}

/** How an API is asked. */
export interface RestGiven {
  readonly asking: Pick<Asking, 'reach' | 'signal' | 'now' | 'wait'>
  /** The URL that every path is below. */
  readonly base: string
  readonly ca?: string | undefined
  /** For how long an answer is waited for; a minute unless told otherwise. */
  readonly secondsMax?: number
  /** The headers of each request; asked for each time, since a token may be renewed. */
  headers(): Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  /** What an answer means, where its vendor says by a word what HTTP says by a status. */
  meant?(answer: Answered): Answered
}

const BYTES_MAX = 32 * 1024 * 1024
const SECONDS_MAX = 60
const TRIES_MAX = 6
const WAIT_SECONDS_MAX = 300

/**
 * A client that waits as it is told (429, 503 and GitHub's 403), asks once more where a connection breaks, and takes no
 * answer that is not whole. INVARIANT: the credential goes to the origin of `base` and to no other.
 */
export const restOf = (given: RestGiven): Rest => {
  const base = new URL(given.base.endsWith('/') ? given.base : `${given.base}/`)
  const { meant = (answer) => answer, secondsMax = SECONDS_MAX } = given
  const ask = async (method: string, to: string, body?: string, type?: string): Promise<RestAnswer> => {
    const url = urlBelow(base, to)
    const answer = await patiently(given, async () => {
      const message = { method, body, ca: given.ca, bytesMax: BYTES_MAX, secondsMax }
      const own = { accept: 'application/json', ...(await given.headers()) }
      const headers = type === undefined ? own : { ...own, 'content-type': type }
      return meant(await given.asking.reach.send(url, { ...message, headers }))
    })
    return { value: parsed(answer), headers: answer.headers }
  }
  return { get: (to) => ask('GET', to), send: ask }
}

const urlBelow = (base: URL, to: string): string => {
  const url = new URL(to.startsWith('/') ? `.${to}` : to, base)
  if (url.origin !== base.origin) throw new VendorError('it names another server for its next page, which is not asked')
  return url.href
}

/** Sends until it is answered with something else than a request to wait, and hands over what is no success as an error. */
export const patiently = async (
  { asking }: Pick<RestGiven, 'asking'>,
  send: () => Promise<Answered>,
): Promise<Answered> => {
  let broken = 0
  for (let tried = 1; ; tried++) {
    asking.signal.throwIfAborted()
    let answer: Answered
    try {
      answer = await send()
    } catch (error) {
      broken += 1
      // What was answered in full, such as that there is no credential, is not answered otherwise a second later.
      if (error instanceof VendorError || broken > 1 || asking.signal.aborted) throw error
      await asking.wait(1)
      continue
    }
    const seconds = secondsToWait(answer, tried, asking.now())
    if (seconds === undefined) {
      if (answer.status >= 200 && answer.status < 300) return answer
      throw new VendorError(`it answers with status ${answer.status}`, answer.status)
    }
    if (tried >= TRIES_MAX || seconds > WAIT_SECONDS_MAX)
      throw new VendorError(
        seconds > WAIT_SECONDS_MAX
          ? `it asks to wait for ${seconds} seconds, and ${WAIT_SECONDS_MAX} are waited at most`
          : `it was asked ${TRIES_MAX} times and always asked to wait`,
        429,
      )
    await asking.wait(seconds)
  }
}

/** RFC 9110 §10.2.3, or what GitHub says of its limits; undefined where it does not ask to wait. */
const secondsToWait = ({ status, headers }: Answered, tried: number, now: Date): number | undefined => {
  const after = headers['retry-after']
  const isSpent = headers['x-ratelimit-remaining'] === '0'
  const asksToWait = status === 429 || status === 503 || (status === 403 && (after !== undefined || isSpent))
  if (!asksToWait) return undefined
  const untilMs = after === undefined || /^\d{1,9}$/.test(after) ? undefined : Date.parse(after)
  if (untilMs === undefined && after !== undefined) return Math.max(1, Number(after))
  const resetMs = Number(headers['x-ratelimit-reset'] ?? headers['x-rate-limit-reset']) * 1000
  const known = [untilMs, isSpent || status === 429 ? resetMs : undefined].find(
    (at) => at !== undefined && Number.isFinite(at),
  )
  if (known !== undefined) return Math.max(1, Math.ceil((known - now.getTime()) / 1000))
  return 2 ** tried
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

const parsed = ({ bytes }: Answered): unknown => {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch (cause) {
    throw new VendorError('its answer is not JSON', undefined, cause)
  }
}

/** The URL of the next page as the Link header names it (RFC 8288). */
const inLinkHeader = ({ headers }: RestAnswer): string | undefined =>
  (headers.link ?? '').split(',').flatMap((link) => {
    const [, url, parameters = ''] = /^\s*<([^<>]{1,2000})>([^<>]{0,500})$/.exec(link) ?? []
    return url !== undefined && /;\s*rel="?next"?/.test(parameters) ? [url] : []
  })[0]

const PAGES_MAX = 10_000

/** How the pages of a list are told apart. */
export interface Paging {
  /** The items of a page, where it is not a list itself. */
  itemsOf?(value: unknown): unknown
  /** The URL of the next page, where no Link header names it; undefined at the end. */
  nextOf?(answer: RestAnswer): string | undefined
}

/** Page after page, by the Link header unless told otherwise; what has another form ends it as an error. */
export const linkedPages = async (
  rest: Pick<Rest, 'get'>,
  path: string,
  take: (items: readonly unknown[]) => void,
  { itemsOf = (value) => value, nextOf = inLinkHeader }: Paging = {},
): Promise<void> => {
  const asked = new Set<string>()
  for (let next: string | undefined = path; next !== undefined; ) {
    if (asked.has(next) || asked.size >= PAGES_MAX) throw new VendorError('its pages do not end')
    asked.add(next)
    const answer: RestAnswer = await rest.get(next)
    const items = itemsOf(answer.value)
    if (!Array.isArray(items)) throw new VendorError('its answer has another form than is documented')
    take(items)
    next = nextOf(answer)
  }
}

/** A member of an object; undefined where the value is none. */
export const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
