import type { Clock } from './clock.ts'

/** The part of fetch that the SDK uses: hand in another one for proxies, tests or private CAs. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** The runtime's own, as it is at each call; one for all, so that who uses it can share what comes by it. */
export const globalFetch: Fetch = (url, init) => globalThis.fetch(url, init)

/** An answer whose body was read within its bounds. */
export interface BoundedAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** A request with its bounds. */
export interface BoundedRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly bytesMax?: number
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

/** A request that got no usable answer: nothing there, too slow, too large, or sent elsewhere. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

/** Fetches a whole text within a time and a size, and follows no redirect: a redirected key set is somebody else's. */
export const fetchText = async (
  { fetch, clock }: { fetch: Fetch; clock: Clock },
  url: string,
  { bytesMax = 1_048_576, timeoutMs = 5_000, ...request }: BoundedRequest = {},
): Promise<BoundedAnswer> => {
  const bound = boundedBy({ clock, timeoutMs, signal: request.signal })
  try {
    const response = await bound.before(fetch(url, { ...request, signal: bound.signal, redirect: 'error' }))
    refuseRedirect(response)
    const text = response.body === null ? '' : await bound.before(readText(response.body, bytesMax))
    return { status: response.status, headers: response.headers, text }
  } catch (cause) {
    bound.abort()
    throw cause instanceof Unreachable
      ? cause
      : new Unreachable(bound.hasTimedOut() ? 'timed out' : 'no answer', { cause })
  } finally {
    bound.release()
  }
}

/** Throws when an answer is, or came by, a redirect, whatever the fetch that was handed in made of it. */
export const refuseRedirect = (response: Response): void => {
  if (response.redirected || response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    cancelled(response.body)
    throw new Unreachable('redirects are not followed')
  }
}

/** An abort signal that fires after a time by the clock handed in, or with another signal. */
export const boundedBy = ({
  clock,
  timeoutMs,
  signal,
}: {
  clock: Clock
  timeoutMs: number
  signal?: AbortSignal | undefined
}) => {
  const controller = new AbortController()
  let isOver = false
  const start = () =>
    clock.after(timeoutMs, () => {
      isOver = true
      controller.abort()
    })
  let stopTimer = start()
  const follow = () => controller.abort()
  if (signal?.aborted) follow()
  signal?.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    hasTimedOut: () => isOver,
    /** Gives up with the signal even when what is waited for ignores it. */
    before: <T>(promise: Promise<T>): Promise<T> => untilAborted(promise, controller.signal),
    /** Starts the time anew. */
    extend: () => {
      stopTimer()
      stopTimer = start()
    },
    release: () => {
      stopTimer()
      signal?.removeEventListener('abort', follow)
    },
  }
}

/** A promise that is left behind when the signal fires. */
const untilAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const leave = () => reject(new Unreachable('aborted'))
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })

const readText = async (body: ReadableStream<Uint8Array>, bytesMax: number): Promise<string> => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const reader = body.getReader()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > bytesMax) {
      reader.cancel().catch(() => {})
      throw new Unreachable('the answer is too large')
    }
    text += decoder.decode(value, { stream: true })
  }
}

const cancelled = (body: ReadableStream<Uint8Array> | null): void => {
  body?.cancel().catch(() => {})
}
