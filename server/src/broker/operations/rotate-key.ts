import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { signingTimes } from '../domain/key-schedule.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { makeSigningKey } from '../signing-key.ts'
import { insertKey, livingKeys, moveKey } from '../store-key.ts'
import { placeStop } from '../store-stop.ts'
import { UnconfirmedList, unconfirmedBy } from '../unconfirmed.ts'
import { ReasonText } from './credential-view.ts'
import { KeyAlgorithm } from './key-view.ts'

/** Begins the rotation of a signing key before its time; urgent, when the old one must not be believed any more. */
export const rotateKey = operation.write({
  name: 'broker.key.rotate',
  summary: 'replace a signing key: shown to verifiers first, or at once when it is urgent',
  input: z.strictObject({
    algorithm: KeyAlgorithm,
    isUrgent: z
      .boolean()
      .default(false)
      .describe('the old key is withdrawn now, and with it every token that it signed'),
    reason: ReasonText,
  }),
  output: z.object({
    key: z.string(),
    replaces: z.string(),
    signsFrom: z.string().describe('when it signs, if every verifier that was heard of within a week has it by then'),
    signsBy: z.string().describe('when it signs in any case'),
    /** Of an urgent one: the number in the revocation feed from which on verifiers refuse what the old key signed. */
    seq: z.number().int().nullable(),
    unconfirmed: UnconfirmedList,
  }),
  faults: ['key_not_found', 'key_rotation_running'],
  on: () => DEPLOYMENT,
  prepare: ({ input, ports, newId }) => makeSigningKey(newId('sgk'), input.algorithm, ports.sealer),
  run: async ({ input, caller, tx, now, newId, ports, prepared }) => {
    const keys = (await livingKeys(tx)).filter((key) => key.algorithm === input.algorithm)
    const active = keys.find((key) => key.state === 'active')
    if (active === undefined) throw fault('key_not_found')
    const isRunning = keys.some((key) => key.state === 'published' || key.state === 'prepared')
    if (isRunning && !input.isUrgent) throw fault('key_rotation_running')
    if (input.isUrgent) await moveKey(tx, active.id, 'retired', now)
    // Who has it can sign whatever it likes until each verifier forgets the key: none waits for the next look at the key set.
    const withdrawn = input.isUrgent
      ? await placeStop(tx, {
          ...{ id: newId('stp'), scope: 'key', subject: active.id, verb: 'revoke', reason: input.reason },
          ...{ by: caller.actor.id, now, until: new Date(now.getTime() + TOLD_MS) },
        })
      : undefined
    const state = input.isUrgent ? 'active' : 'published'
    await insertKey(tx, prepared, state, { reason: input.reason, now })
    const { fromMs, byMs } = signingTimes(now.getTime(), ports.keyRules)
    return {
      output: {
        key: prepared.id,
        replaces: active.id,
        signsFrom: input.isUrgent ? now.toISOString() : new Date(fromMs).toISOString(),
        signsBy: input.isUrgent ? now.toISOString() : new Date(byMs).toISOString(),
        seq: withdrawn?.seq ?? null,
        unconfirmed:
          withdrawn === undefined ? [] : await unconfirmedBy(tx, ports, { seq: withdrawn.seq, identity: null, now }),
      },
      change: [
        { field: `signingKey ${prepared.id}`, before: null, after: state },
        { field: `signingKey ${active.id}`, before: 'active', after: input.isUrgent ? 'retired' : 'active' },
        { field: 'reason', before: null, after: input.reason },
      ],
      signals: [{ topic: 'signing-key', key: prepared.id }, ...(withdrawn?.signals ?? [])],
    }
  },
})

// Longer than any verifier keeps a key set that it can ask for anew.
const TOLD_MS = 24 * 60 * 60 * 1000
