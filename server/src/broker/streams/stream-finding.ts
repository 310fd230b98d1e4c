import type { ReportedFinding } from '../../reported-finding.ts'
import type { Stream } from '../domain/stream.ts'

/** That a receiver cannot be reached: what is stopped is believed there until its tokens end. */
export const undeliveredFinding = (stream: Stream, why: string): ReportedFinding => ({
  fingerprint: `broker.stream.undelivered/${stream.id}`,
  rule: 'stream-undelivered',
  severity: 'high',
  confidence: 'high',
  // OWASP NHI Top 10 2025: improper offboarding.
  owasp: 'NHI1',
  title: 'a receiver of security events takes none',
  why: `what was stopped is not known there: ${why}`,
  fix: 'look at `reeve stream show` and at the receiver; delete the stream if nobody receives it any more',
  identity: stream.identity,
  where: null,
  evidence: { stream: stream.id, failures: String(stream.failures), error: why },
})

/** That a receiver took an event for wrong: it is not told again, and was not acted on. */
export const refusedFinding = (stream: Stream, code: string): ReportedFinding => ({
  fingerprint: `broker.stream.refused/${stream.id}`,
  rule: 'stream-event-refused',
  severity: 'high',
  confidence: 'high',
  owasp: 'NHI1',
  title: 'a receiver refuses security events',
  why: 'it says that it cannot take one, so what that one tells is not known there',
  fix: 'look at the log of the receiver: its keys, its audience and the types of events that it knows',
  identity: stream.identity,
  where: null,
  // The receiver's own word, as far as it is one.
  evidence: { stream: stream.id, code: /^[\w-]{1,60}$/.test(code) ? code : 'unreadable' },
})
