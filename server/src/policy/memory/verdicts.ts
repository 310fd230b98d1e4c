import type { Judgement } from '../decide/judgement.ts'

/** Judgements that were made already: a bounded number, the least recently used forgotten first. */
export interface Verdicts {
  /** The one kept under this key, if it still holds at this moment. */
  recall(key: string, nowMs: number): Judgement | undefined
  /** Keeps one that holds before `untilMs`. */
  keep(key: string, judgement: Judgement, untilMs: number): void
  clear(): void
}

const KEPT_MAX = 10_000

/** An empty memory of judgements. */
export const createVerdicts = (max = KEPT_MAX): Verdicts => {
  const kept = new Map<string, { judgement: Judgement; untilMs: number }>()
  return {
    recall: (key, nowMs) => {
      const known = kept.get(key)
      if (known === undefined) return undefined
      kept.delete(key)
      if (nowMs >= known.untilMs) return undefined
      kept.set(key, known)
      return known.judgement
    },
    keep: (key, judgement, untilMs) => {
      if (kept.size >= max) kept.delete(kept.keys().next().value ?? '')
      kept.set(key, { judgement, untilMs })
    },
    clear: () => kept.clear(),
  }
}
