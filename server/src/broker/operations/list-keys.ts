import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { operation } from '../room.ts'
import { allKeys } from '../store-key.ts'
import { KeyView, viewKey } from './key-view.ts'

const KEYS_MAX = 200

/** Lists the signing keys, newest first. */
export const listKeys = operation.read({
  name: 'broker.key.list',
  summary: 'list the keys that tokens are signed with, with their states',
  input: z.strictObject({}),
  output: z.object({ items: z.array(KeyView), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db }) => ({ output: { items: (await allKeys(db, KEYS_MAX)).map(viewKey), nextCursor: null } }),
})
