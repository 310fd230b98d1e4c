import { coreFault, type Fault } from '../../kit/fault.ts'
import type { Log } from '../../kit/log.ts'
import { looksSecret } from '../../kit/secret-shape.ts'
import type { Answer } from './answer.ts'
import { challengeOf, statusOf } from './problem.ts'

/** An error as AuthZEN has it answered. §10.1.2: the body is a message; it ends with our code and what to quote when asking for help. */
export const errorAnswer = (fault: Fault, requestId: string, issuer: string): Answer => {
  const { retryAfterSeconds, decisionId } = fault.extras
  // The certification scenario has 400 for a media type that is not JSON.
  const status = fault.code === 'wrong_media_type' ? 400 : statusOf(fault.code, fault.kind)
  const headers: [string, string][] = []
  if (retryAfterSeconds !== undefined) headers.push(['retry-after', String(retryAfterSeconds)])
  if (status === 401) headers.push(['www-authenticate', challengeOf(issuer)])
  const quoted = [fault.code, requestId, ...(decisionId === undefined ? [] : [decisionId])].join(', ')
  return { status, headers, text: JSON.stringify(`${fault.message}; ${fault.fix} (${quoted})`) }
}

/** What nobody expected, as the caller is told it; what helps us goes to the log. */
export const toInternal = (error: unknown, log: Log): Fault => {
  log.error({ err: error }, 'unexpected error at the AuthZEN edge')
  return coreFault('internal', { cause: error })
}

const ASKED_AS_MAX = 200

/** The caller's own name of the request as it is kept: bounded, and no secret that was put there by mistake. */
export const askedAs = (named: string | string[] | undefined): string | null => {
  if (typeof named !== 'string' || named.length > ASKED_AS_MAX || looksSecret(named)) return null
  return /^[\x20-\x7e]+$/.test(named) ? named : null
}
