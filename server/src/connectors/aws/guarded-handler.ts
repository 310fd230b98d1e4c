import { Readable } from 'node:stream'
import type { Answered } from '../../kit/fetch.ts'
import { patiently } from '../rest.ts'
import type { Asking } from '../vendor.ts'

/** A request as the SDK of AWS signs it. */
interface SignedRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly method: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

const BYTES_MAX = 64 * 1024 * 1024
const SECONDS_MAX = 60
const HEAD_BYTES = 4_000

/** The requests of the SDK, sent by the one way out. What is no success ends here: the SDK reads only whole answers. */
export const guardedHandler = (asking: Pick<Asking, 'reach' | 'signal' | 'now' | 'wait'>) => ({
  handle: async (request: SignedRequest) => {
    const { status, headers, bytes } = await patiently({ asking }, async () => {
      // The host that was signed is the host that is asked.
      const { host: _, ...headers } = request.headers
      return asMeant(
        await asking.reach.send(urlOf(request), {
          ...{ method: request.method, headers, bytesMax: BYTES_MAX, secondsMax: SECONDS_MAX },
          body: typeof request.body === 'string' ? request.body : undefined,
        }),
      )
    })
    return { response: { statusCode: status, headers: { ...headers }, body: Readable.from([bytes]) } }
  },
})

const urlOf = ({ protocol, hostname, port, path, query = {} }: SignedRequest): string => {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`)
  for (const [name, value] of Object.entries(query))
    for (const each of typeof value === 'string' ? [value] : (value ?? [''])) url.searchParams.append(name, each)
  return url.href
}

// AWS says by a word what HTTP says by a status.
const asMeant = (answer: Answered): Answered => {
  if (answer.status < 400) return answer
  const [, code = ''] = /<Code>(\w{1,80})<\/Code>/.exec(answer.bytes.toString('latin1', 0, HEAD_BYTES)) ?? []
  return { ...answer, status: MEANING[code] ?? answer.status }
}

const MEANING: Readonly<Record<string, number>> = {
  ...{ Throttling: 429, ThrottlingException: 429, RequestLimitExceeded: 429, LimitExceeded: 429 },
  ...{ InvalidClientTokenId: 401, SignatureDoesNotMatch: 401, ExpiredToken: 401, UnrecognizedClientException: 401 },
}
