import { z } from 'zod'
import type { Signal } from '../kit/operation.ts'
import type { FieldChange } from '../ledger/event.ts'
import type { Regraded } from './room.ts'

/** What became of the identities that a change concerns, as it is answered. */
export const RegradedView = z.object({
  id: z.string(),
  name: z.string(),
  before: z.enum(['low', 'medium', 'high']),
  after: z.enum(['low', 'medium', 'high']),
  refused: z.array(z.string()).describe('what it has and its tier no longer allows'),
})
/** What became of one identity. */
export type RegradedView = z.infer<typeof RegradedView>

/** Those whose tier is another one now. */
export const regradedViews = (regraded: readonly Regraded[]): RegradedView[] =>
  regraded
    .filter(({ before, after }) => before !== after)
    .map(({ on, before, after, refused }) => ({
      id: on.id ?? '',
      name: on.name ?? '',
      before,
      after,
      refused: [...refused],
    }))

/** What the log tells of each of them, beside what was changed. */
export const regradeChanges = (regraded: readonly Regraded[]): readonly FieldChange[] =>
  regraded.flatMap(({ on, change }) =>
    change.map(({ field, before, after }) => ({ field: `${field} of ${on.name ?? on.id}`, before, after })),
  )

/** What every replica must hear of identities whose rights changed. */
export const regradeSignals = (regraded: readonly Regraded[]): readonly Signal[] =>
  regraded.flatMap(({ on, signals }) => [...signals, { topic: 'grant', key: on.id ?? '' }])
