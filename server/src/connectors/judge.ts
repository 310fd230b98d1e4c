import { Worker } from 'node:worker_threads'
import type { ScanReport } from '@reeve/scan/posture'
import type { JudgeQuestion } from './judge-worker.ts'

/** Reads what a vendor answered, and judges it, as a scan does its files. */
export type Judge = (question: JudgeQuestion) => Promise<ScanReport>

const HEAP_MB_MAX = 1024
const ANSWER_MS_MAX = 5 * 60_000

/** In a thread of its own, which ends with it: the parsers are large, and what they read may be. */
export const judgeApart: Judge = (question) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./judge-worker.ts', import.meta.url), {
      workerData: question,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
      env: {},
      // What this process was started with is nothing to it.
      execArgv: [],
      stdout: true,
      stderr: true,
    })
    worker.unref()
    const late = setTimeout(
      () => settle(() => reject(new Error('what a vendor answered could not be read in time'))),
      ANSWER_MS_MAX,
    )
    const settle = (end: () => void): void => {
      clearTimeout(late)
      end()
      worker.terminate().catch(() => undefined)
    }
    worker.on('message', (report: ScanReport) => settle(() => resolve(report)))
    worker.on('error', (error) => settle(() => reject(error)))
    worker.on('exit', () => settle(() => reject(new Error('what a vendor answered could not be read'))))
  })
