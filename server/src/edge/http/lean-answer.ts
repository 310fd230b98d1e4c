import type { Clock } from '../../kit/clock.ts'
import type { Answer } from './answer.ts'
import type { LeanResponse } from './lean-response.ts'
import type { Metrics } from './metrics.ts'

/** One request at the door, from when it was taken. */
export interface LeanReply {
  readonly response: LeanResponse
  readonly startedMs: number
  /** What the answer calls the request. */
  readonly name: string
}

/** Answers the requests of one path: with the headers that the framework sends, and measured as the framework does. */
export const createLeanAnswer = (
  path: string,
  { clock, metrics }: { readonly clock: Clock; readonly metrics: Pick<Metrics, 'requestSeconds'> },
): ((answer: Answer, reply: LeanReply) => void) => {
  const seconds = metrics.requestSeconds.labels({ method: 'POST', route: path, status: '200' })
  return (answer, { response, startedMs, name }) => {
    send(response, answer, answer.requestId ?? name)
    const tookSeconds = (clock.monotonicMs() - startedMs) / 1000
    if (answer.status === 200) seconds.observe(tookSeconds)
    else metrics.requestSeconds.observe({ method: 'POST', route: path, status: String(answer.status) }, tookSeconds)
  }
}

const send = (response: LeanResponse, answer: Answer, name: string): void => {
  // Of somebody who is gone as well: whoever counts what is in work waits for an end.
  if (response.isGone() || response.isSent()) response.destroy()
  else response.send(answer, name)
}
