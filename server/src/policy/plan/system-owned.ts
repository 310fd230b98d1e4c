import { z } from 'zod'
import type { AppliedView } from '../directory.ts'

/** What Reeve itself makes, rotates and ends of declared objects, as a plan tells it. */
export const SystemOwned = z.object({
  type: z.enum(['identity', 'resource']),
  count: z.number().describe('how many objects of the directory'),
  what: z.array(z.string()),
})

// INVARIANT: no field of a directory holds any of this, so that applying an older one undoes no rotation.
const KEPT = [
  ['identity', ['credentials', 'state', 'tier']],
  ['resource', ['keys that sign its tokens']],
] as const

/** What of the objects of a directory is Reeve's own, whatever the directory says. */
export const systemOwned = (objects: readonly AppliedView[]): z.infer<typeof SystemOwned>[] =>
  KEPT.flatMap(([type, what]) => {
    const count = objects.filter((one) => one.type === type && one.at !== null).length
    return count === 0 ? [] : [{ type, count, what: [...what] }]
  })
