import { z } from 'zod'
import { DEPLOYMENT, type Signal } from '../../kit/operation.ts'
import type { FieldChange } from '../../ledger/event.ts'
import { dueSteps } from '../domain/key-schedule.ts'
import { operation } from '../room.ts'
import { makeSigningKey } from '../signing-key.ts'
import { insertKey, livingKeys, moveKey } from '../store-key.ts'
import { KeyAlgorithm } from './key-view.ts'

/** Moves signing keys to the next part of their life; the clock calls it, nobody else may. */
export const advanceKeys = operation.write({
  name: 'broker.key.advance',
  summary: 'prepare, publish, activate and retire signing keys that are due',
  input: z.strictObject({ algorithms: z.array(KeyAlgorithm).max(4) }),
  output: z.object({ steps: z.number().int() }),
  faults: [],
  principals: ['automation'],
  on: () => DEPLOYMENT,
  // Made outside of the transaction, whether they turn out to be needed or not: an RSA key takes a while.
  prepare: ({ input, ports, newId }) =>
    Promise.all(input.algorithms.map((algorithm) => makeSigningKey(newId('sgk'), algorithm, ports.sealer))),
  run: async ({ input, tx, now, ports, prepared }) => {
    const keys = await livingKeys(tx)
    const change: FieldChange[] = []
    const signals: Signal[] = []
    for (const algorithm of input.algorithms) {
      const ours = keys.filter((key) => key.algorithm === algorithm)
      for (const step of dueSteps(ours, now.getTime(), ports.keyRules)) {
        const fresh = prepared.find((key) => key.algorithm === algorithm)
        const id = 'id' in step ? step.id : fresh?.id
        if (id === undefined) continue
        if (step.to !== 'prepared') await moveKey(tx, id, step.to, now)
        else if (fresh !== undefined) await insertKey(tx, fresh, 'prepared', { reason: 'due by schedule', now })
        const before = ours.find((key) => key.id === id)?.state ?? null
        change.push({ field: `signingKey ${id}`, before, after: step.to })
        signals.push({ topic: 'signing-key', key: id })
      }
    }
    return { output: { steps: change.length }, change, signals }
  },
})
