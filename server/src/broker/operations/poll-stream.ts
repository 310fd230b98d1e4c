import { z } from 'zod'
import type { ReportedFinding } from '../../reported-finding.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { feedHead } from '../store-stop.ts'
import { updateStream } from '../store-stream.ts'
import { refusedFinding } from '../streams/stream-finding.ts'
import { takeSets } from '../streams/take-sets.ts'
import { walkStream } from '../streams/walk-stream.ts'
import { aboutStream, needHeldStream, StreamId } from './stream-input.ts'

const SETS_MAX = 100
const JTI_MAX = 200
const TAKEN_AT_ONCE_MAX = 1_000

/** The receiver's turn of a stream that is polled: it says what it took, and is given what comes next (RFC 8936 §2). */
export const pollStream = operation.write({
  name: 'broker.stream.poll',
  summary: 'take what a stream of security events has next, and say what was taken of it before',
  input: z.strictObject({
    stream: StreamId,
    limit: z
      .number()
      .int()
      .min(0)
      .max(SETS_MAX)
      .default(20)
      .describe('how many events at most; 0: only say what was taken'),
    taken: z.array(z.string().min(1).max(JTI_MAX)).max(TAKEN_AT_ONCE_MAX).default([]).describe('events by their jti'),
    refused: z
      .array(
        z.strictObject({
          jti: z.string().min(1).max(JTI_MAX),
          code: z.string().min(1).max(100),
          text: z.string().max(500).optional(),
        }),
      )
      .max(TAKEN_AT_ONCE_MAX)
      .default([])
      .describe('events that the receiver cannot take; they are not told again'),
  }),
  output: z.object({
    sets: z.array(z.object({ jti: z.string(), claims: z.record(z.string(), z.unknown()) })),
    isMore: z.boolean(),
  }),
  faults: ['stream_not_found', 'stream_not_polled'],
  on: ({ input, ports, tx }) => aboutStream(ports, tx, input.stream),
  run: async ({ input, now, ports, tx }) => {
    const stream = await needHeldStream(tx, input.stream)
    if (stream.method !== 'poll') throw fault('stream_not_polled')
    const gone = [...input.taken, ...input.refused.map(({ jti }) => jti)]
    const taken = takeSets(stream, gone, await feedHead(tx))
    const walked = await walkStream(tx, ports, taken, { limit: input.limit, now })
    const heardAt = now.getTime()
    await updateStream(tx, { ...walked.stream, heardAt })
    const findings: ReportedFinding[] = input.refused.slice(0, 1).map(({ code }) => refusedFinding(stream, code))
    if (findings.length > 0) await ports.findings.report(tx, findings, now)
    return {
      output: { sets: [...walked.due], isMore: walked.isMore },
      evidence: { told: walked.due.length, taken: input.taken.length, refused: input.refused.length },
    }
  },
})
