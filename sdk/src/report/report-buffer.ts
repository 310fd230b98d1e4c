import { reportsPerBatchMax, type UseReport } from '../wire.ts'

/** Where use reports wait until the issuer took them. */
export interface ReportBuffer {
  /** Takes a report at once; never throws and never waits, and drops the oldest when it is full. */
  add(report: UseReport): void
  /** The oldest batch; the same one, under the same key, until it is settled. */
  next(): Promise<ReportBatch | undefined>
  /** Forgets a batch that was accepted, or that never will be. */
  settle(key: string): Promise<void>
  /** How many reports wait. */
  readonly held: number
  /** How many were dropped for want of room. */
  readonly dropped: number
  close(): Promise<void>
}

/** Reports that travel together under one idempotency key. */
export interface ReportBatch {
  readonly key: string
  readonly reports: readonly UseReport[]
}

/** A buffer in memory: what it holds is lost with the process. */
export const createMemoryBuffer = ({
  id,
  reportsMax = 20_000,
}: {
  id: () => string
  reportsMax?: number
}): ReportBuffer => {
  let waiting: UseReport[] = []
  let batch: ReportBatch | undefined
  let dropped = 0
  return {
    add: (report) => {
      waiting.push(report)
      // Cut in steps, so that a full buffer does not move every report for each new one.
      if (waiting.length < reportsMax + reportsPerBatchMax) return
      dropped += waiting.length - reportsMax
      waiting = waiting.slice(-reportsMax)
    },
    next: async () => {
      if (batch === undefined && waiting.length > 0)
        batch = { key: id(), reports: waiting.splice(0, reportsPerBatchMax) }
      return batch
    },
    settle: async (key) => {
      if (batch?.key === key) batch = undefined
    },
    get held() {
      return waiting.length + (batch?.reports.length ?? 0)
    },
    get dropped() {
      return dropped
    },
    close: async () => {},
  }
}
