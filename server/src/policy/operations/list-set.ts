import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { revisionOf } from '../memory/base.ts'
import { operation } from '../room.ts'
import { allTexts } from '../store-set.ts'

/** Lists the stored policy texts by name, and says which revision serves. */
export const listSet = operation.read({
  name: 'policy.set.list',
  summary: 'list the stored policies, and the revision that serves',
  input: z.strictObject({}),
  output: z.object({
    items: z.array(z.object({ name: z.string(), file: z.string(), directory: z.string().nullable() })),
    nextCursor: z.null(),
    storedRevision: z.string(),
    servingRevision: z.string(),
    problems: z.array(z.string()),
  }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, ports }) => {
    const texts = await allTexts(db)
    return {
      output: {
        items: texts.map(({ name, file, directory }) => ({ name, file, directory })),
        nextCursor: null,
        storedRevision: revisionOf(texts),
        servingRevision: ports.memory.base().revision,
        problems: ports.memory.problems().map(({ message }) => message),
      },
    }
  },
})
