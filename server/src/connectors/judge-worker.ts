import { parentPort, workerData } from 'node:worker_threads'
import { type ScanReport, scanDocuments, sources, type TextDocument } from '@reeve/scan'

/** What is to be read, by which sources of `scan/`. */
export interface JudgeQuestion {
  readonly documents: readonly TextDocument[]
  readonly sources: readonly string[]
  readonly salt: string
  readonly nowMs: number
}

/** Reads and judges them. */
export const judgeDocuments = ({ documents, sources: names, salt, nowMs }: JudgeQuestion): ScanReport =>
  scanDocuments(documents, { salt, now: new Date(nowMs), sources: sources.filter(({ name }) => names.includes(name)) })

if (isQuestion(workerData)) parentPort?.postMessage(judgeDocuments(workerData))

function isQuestion(value: unknown): value is JudgeQuestion {
  return typeof value === 'object' && value !== null && 'documents' in value && 'salt' in value
}
