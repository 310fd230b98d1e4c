import { type Clock, pause } from '../clock.ts'
import { jittered, type Random } from '../random.ts'
import { issuerPaths, reportsPerBatchMax, type UseReport } from '../wire.ts'
import type { IssuerCall } from './issuer-call.ts'
import type { ReportBuffer } from './report-buffer.ts'

/** Sends use reports in batches, and never stands in the way of what is reported. */
export interface Reporter {
  add(report: UseReport): void
  /** How many batches the issuer will never take. */
  readonly refusedBatches: number
  /** Tries once more to send what is held, then stops. */
  close(): Promise<void>
}

/** Sends what the buffer holds every few seconds, or at once when a batch is full. */
export const createReporter = ({
  buffer,
  call,
  clock,
  random,
}: {
  buffer: ReportBuffer
  call: IssuerCall
  clock: Clock
  random: Random
}): Reporter => {
  let cancelTimer: (() => void) | undefined
  let sending: Promise<void> | undefined
  let failures = 0
  let refusedBatches = 0
  let isClosed = false

  const sendAll = async (): Promise<void> => {
    for (let batch = await buffer.next(); batch !== undefined; batch = await buffer.next()) {
      const status = await call(issuerPaths.useReport, { reports: batch.reports }, batch.key)
      // A batch that is malformed will be so tomorrow; keeping it would hold up all that come after it.
      const isHopeless = status === 400 || status === 413 || status === 422
      if (!isHopeless && (status < 200 || status > 299)) throw new Error(`the report answered ${status}`)
      if (isHopeless) refusedBatches += 1
      await buffer.settle(batch.key)
    }
  }

  const send = (): Promise<void> => {
    cancelTimer?.()
    cancelTimer = undefined
    sending ??= sendAll()
      .then(
        () => {
          failures = 0
        },
        () => {
          failures += 1
        },
      )
      .finally(() => {
        sending = undefined
        if (buffer.held > 0) schedule()
      })
    return sending
  }

  const schedule = (): void => {
    if (isClosed || cancelTimer !== undefined) return
    const delayMs = Math.min(everyMs * 2 ** Math.min(failures, 10), retryMsMax)
    cancelTimer = clock.after(jittered(delayMs, random), () => {
      cancelTimer = undefined
      void send()
    })
  }

  const finish = async (): Promise<void> => {
    await sending
    if (buffer.held > 0) await send()
  }

  // What an earlier process left behind on disk.
  if (buffer.held > 0) schedule()

  return {
    add: (report) => {
      if (isClosed) return
      buffer.add(report)
      if (buffer.held >= reportsPerBatchMax && failures === 0 && sending === undefined) void send()
      else schedule()
    },
    get refusedBatches() {
      return refusedBatches
    },
    close: async () => {
      isClosed = true
      const waited = new AbortController()
      // What cannot be sent by then is lost from memory, and kept on disk.
      await Promise.race([finish(), pause(clock, closeMsMax, waited.signal)])
      waited.abort()
      cancelTimer?.()
      await buffer.close()
    },
  }
}

const everyMs = 5_000
const retryMsMax = 60_000
const closeMsMax = 3_000
