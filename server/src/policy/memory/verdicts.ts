import { dropOldest } from '../../kit/drop-oldest.ts'
import type { Judgement } from '../decide/judgement.ts'

/** Judgements that were made already: a bounded number, the least recently used forgotten first. */
export interface Verdicts {
  /** The one kept under this key, if it still holds at this moment. */
  recall(key: string, nowMs: number): Judgement | undefined
  /** Keeps one that holds before `untilMs`. */
  keep(key: string, judgement: Judgement, untilMs: number): void
  clear(): void
}

interface Kept {
  readonly judgement: Judgement
  readonly untilMs: number
}

const KEPT_MAX = 10_000

/** An empty memory of judgements. */
export const createVerdicts = (max = KEPT_MAX): Verdicts => {
  const kept = new Map<string, Kept>()
  // What stands last in `kept`: whoever asks much is mostly who asked last.
  let newest: Kept | undefined
  return {
    recall: (key, nowMs) => {
      const known = kept.get(key)
      if (known === undefined) return undefined
      if (known === newest && nowMs < known.untilMs) return known.judgement
      kept.delete(key)
      if (nowMs >= known.untilMs) return undefined
      kept.set(key, known)
      newest = known
      return known.judgement
    },
    keep: (key, judgement, untilMs) => {
      dropOldest(kept, max)
      newest = { judgement, untilMs }
      // Behind all others also where it stood among them.
      kept.delete(key)
      kept.set(key, newest)
    },
    clear: () => kept.clear(),
  }
}
