import type { Fetch } from '../src/bounded-fetch.ts'

/** One request that a fake fetch was given. */
export interface Asked {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: string | undefined
}

/** What a fake fetch gives for one request: an answer, a failure, or nothing until the signal fires. */
export type Reply = Response | Error | 'nothing'

/** A fetch that answers from a list, the last one for ever, and keeps what it was asked. */
export const createFakeFetch = (replies: readonly Reply[]): { readonly fetch: Fetch; readonly asked: Asked[] } => {
  const asked: Asked[] = []
  const fetch: Fetch = async (url, init) => {
    const reply = replies[Math.min(asked.length, replies.length - 1)] ?? new Error('nothing is left to answer')
    const body = typeof init.body === 'string' ? init.body : undefined
    asked.push({ url, method: init.method ?? 'GET', headers: new Headers(init.headers), body })
    if (reply instanceof Response) return reply.clone()
    if (reply instanceof Error) throw reply
    return new Promise((_resolve, reject) =>
      init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')), { once: true }),
    )
  }
  return { fetch, asked }
}

/** A JSON answer. */
export const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })

/** A problem as the server answers it (RFC 9457). */
export const problem = (status: number, code: string, more: object = {}, headers = {}): Response =>
  json(
    { type: 'about:blank', title: code, status, detail: `told: ${code}`, code, instance: 'req_1', ...more },
    status,
    headers,
  )
