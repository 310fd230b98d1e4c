import { parentPort } from 'node:worker_threads'
import type { Request } from '@reeve/cedar'
import { judgeOnce, type OfficialPolicy } from './judge-officially.ts'

/** What the worker is asked; it answers with the judgement. */
export interface ShadowQuestion {
  readonly policies: readonly OfficialPolicy[]
  readonly request: Request
}

parentPort?.on('message', ({ policies, request }: ShadowQuestion) => {
  parentPort?.postMessage(judgeOnce(policies, request))
})
