import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { makeSigningKey } from '../signing-key.ts'
import { insertKey, livingKeys, moveKey } from '../store-key.ts'
import { ReasonText } from './credential-view.ts'
import { KeyAlgorithm } from './key-view.ts'

/** Begins the rotation of a signing key before its time; urgent, when the old one must not be believed any more. */
export const rotateKey = operation.write({
  name: 'broker.key.rotate',
  summary: 'replace a signing key: shown to verifiers first, or at once when it is urgent',
  input: z.strictObject({
    algorithm: KeyAlgorithm,
    /** True: the old key is withdrawn now, and every token that it signed ends with it. */
    isUrgent: z.boolean().default(false),
    reason: ReasonText,
  }),
  output: z.object({ key: z.string(), replaces: z.string(), signsFrom: z.string() }),
  faults: ['key_not_found', 'key_rotation_running'],
  on: () => DEPLOYMENT,
  prepare: ({ input, ports, newId }) => makeSigningKey(newId('sgk'), input.algorithm, ports.sealer),
  run: async ({ input, tx, now, ports, prepared }) => {
    const keys = (await livingKeys(tx)).filter((key) => key.algorithm === input.algorithm)
    const active = keys.find((key) => key.state === 'active')
    if (active === undefined) throw fault('key_not_found')
    const isRunning = keys.some((key) => key.state === 'published' || key.state === 'prepared')
    if (isRunning && !input.isUrgent) throw fault('key_rotation_running')
    if (input.isUrgent) await moveKey(tx, active.id, 'retired', now)
    const state = input.isUrgent ? 'active' : 'published'
    await insertKey(tx, prepared, state, { reason: input.reason, now })
    const signsFrom = new Date(now.getTime() + (input.isUrgent ? 0 : ports.keyRules.leadMs))
    return {
      output: { key: prepared.id, replaces: active.id, signsFrom: signsFrom.toISOString() },
      change: [
        { field: `signingKey ${prepared.id}`, before: null, after: state },
        { field: `signingKey ${active.id}`, before: 'active', after: input.isUrgent ? 'retired' : 'active' },
        { field: 'reason', before: null, after: input.reason },
      ],
      signals: [{ topic: 'signing-key', key: prepared.id }],
    }
  },
})
