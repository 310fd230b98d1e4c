import type { Answered } from '../../kit/fetch.ts'
import { linkedPages, memberOf, type Rest, type RestGiven, restOf } from '../rest.ts'
import { VendorError } from '../vendor.ts'

/** A service of Google, by the first part of its host name. */
export type ApiName = 'admin' | 'apikeys' | 'cloudasset' | 'iamcredentials' | 'oauth2' | 'secretmanager' | 'sts'

/** Where services of Google are asked: at `NAME.googleapis.com`, or all below one address. */
export interface ApiGiven extends Pick<RestGiven, 'asking' | 'headers'> {
  readonly endpoint?: string | undefined
}

/** A service of Google. */
export const apiOf = (name: ApiName, { endpoint, ...given }: ApiGiven): Rest =>
  restOf({
    ...given,
    base: endpoint === undefined ? `https://${name}.googleapis.com` : `${endpoint.replace(/\/$/, '')}/${name}`,
    meant,
  })

/** Page after page by `pageToken`, each with its items under one name. */
export const tokenPages = (
  rest: Pick<Rest, 'get'>,
  path: string,
  list: string,
  take: (items: readonly unknown[]) => void,
): Promise<void> =>
  linkedPages(rest, path, take, {
    itemsOf: (value) => itemsOf(value, list),
    nextOf: ({ value }) => {
      const token = memberOf(value, 'nextPageToken')
      if (token === undefined || token === '') return undefined
      // What cannot be read is not the end of a list.
      if (typeof token !== 'string') throw new VendorError('its answer has another form than is documented')
      return `${path}${path.includes('?') ? '&' : '?'}pageToken=${encodeURIComponent(token)}`
    },
  })

// Google leaves out what is empty: an answer without its list is one with nothing in it, if it is that answer at all.
const BESIDE = new Set(['nextPageToken', 'readTime', 'kind', 'etag'])

const itemsOf = (value: unknown, list: string): readonly unknown[] => {
  const items = memberOf(value, list)
  if (Array.isArray(items)) return items
  const isEmpty =
    items === undefined &&
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).every((name) => BESIDE.has(name))
  if (!isEmpty) throw new VendorError('its answer has another form than is documented')
  return []
}

const HEAD_BYTES = 16_384
const MEANT: readonly (readonly [of: readonly number[], word: RegExp, status: number])[] = [
  [[403], /"reason":\s*"(?:rateLimitExceeded|userRateLimitExceeded|quotaExceeded|RATE_LIMIT_EXCEEDED)"/, 429],
  // RFC 6749 §5.2: a proof that is wrong is answered with 400, and so is a scope that its account has not.
  [[400, 401], /"error":\s*"(?:unauthorized_client|invalid_scope)"/, 403],
  [[400, 403], /"error":\s*"\w{1,60}"/, 401],
]

/** Services of Google say some things by a word: too many calls, and what is wrong with a proof. */
const meant = (answer: Answered): Answered => {
  if (answer.status < 400) return answer
  const head = answer.bytes.toString('latin1', 0, HEAD_BYTES)
  const [, , status] = MEANT.find(([of, word]) => of.includes(answer.status) && word.test(head)) ?? []
  return status === undefined ? answer : { ...answer, status }
}
