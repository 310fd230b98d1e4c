import type { ServerResponse } from 'node:http'
import type { Clock } from '../../kit/clock.ts'
import type { Answer } from './answer.ts'
import type { Door } from './door.ts'
import type { Metrics } from './metrics.ts'

/** One request at the door, from when it was taken. */
export interface LeanReply {
  readonly response: ServerResponse
  readonly startedMs: number
  /** What the answer calls the request. */
  readonly name: string
}

/** Answers the requests of one path: with the headers that the framework sends, and measured as the framework does. */
export const createLeanAnswer = (
  path: string,
  {
    door,
    clock,
    metrics,
  }: { readonly door: Door; readonly clock: Clock; readonly metrics: Pick<Metrics, 'requestSeconds'> },
): ((answer: Answer, reply: LeanReply) => void) => {
  const seconds = metrics.requestSeconds.labels({ method: 'POST', route: path, status: '200' })
  return (answer, { response, startedMs, name }) => {
    send(response, answer, name)
    // What the system took already needs no watching; behind other answers of its connection it may have to wait.
    if (!response.destroyed && response.socket?.writableLength !== 0) door.slowReaders.watch(response)
    const tookSeconds = (clock.monotonicMs() - startedMs) / 1000
    if (answer.status === 200) seconds.observe(tookSeconds)
    else metrics.requestSeconds.observe({ method: 'POST', route: path, status: String(answer.status) }, tookSeconds)
  }
}

const send = (
  response: ServerResponse,
  { status, headers, text, type: named = 'application/json' }: Answer,
  name: string,
): void => {
  if (response.destroyed) return
  if (response.headersSent) {
    response.destroy()
    return
  }
  const type = text === '' ? [] : ['content-type', named]
  response.writeHead(status, [
    ...type,
    'content-length',
    String(Buffer.byteLength(text)),
    'x-request-id',
    name,
    'x-content-type-options',
    'nosniff',
    'cache-control',
    'no-store',
    ...headers.flat(),
  ])
  response.end(text)
}
