import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { signingTimes } from '../domain/key-schedule.ts'
import { operation } from '../room.ts'
import { allKeys } from '../store-key.ts'
import { verifiersLacking } from '../store-verifier.ts'
import { KeyView, LACKING_MAX, viewKey } from './key-view.ts'

const KEYS_MAX = 200

/** Lists the signing keys, newest first. */
export const listKeys = operation.read({
  name: 'broker.key.list',
  summary: 'list the keys that tokens are signed with, with their states, and which verifiers lack the next one',
  input: z.strictObject({}),
  output: z.object({ items: z.array(KeyView), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, now, ports }) => {
    const keys = await allKeys(db, KEYS_MAX)
    const items = await Promise.all(
      keys.map(async (key) => {
        if (key.state !== 'published' || key.publishedAt === null) return viewKey(key)
        const lackedBy = await verifiersLacking(db, key.id, now, LACKING_MAX)
        return viewKey(key, { times: signingTimes(key.publishedAt, ports.keyRules), lackedBy })
      }),
    )
    return { output: { items, nextCursor: null } }
  },
})
