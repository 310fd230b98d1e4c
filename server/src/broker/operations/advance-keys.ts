import { z } from 'zod'
import type { Handle } from '../../kit/database.ts'
import { DEPLOYMENT, type Signal } from '../../kit/operation.ts'
import type { FieldChange } from '../../ledger/event.ts'
import { dueSteps } from '../domain/key-schedule.ts'
import { lackedKeys } from '../lacked-keys.ts'
import { operation } from '../room.ts'
import type { BrokerTables } from '../schema.ts'
import { makeSigningKey } from '../signing-key.ts'
import { insertKey, livingKeys, moveKey } from '../store-key.ts'
import { verifiersLacking } from '../store-verifier.ts'
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
    const lacked = await lackedKeys(tx, keys, now)
    const change: FieldChange[] = []
    const signals: Signal[] = []
    for (const algorithm of input.algorithms) {
      const ours = keys.filter((key) => key.algorithm === algorithm)
      for (const step of dueSteps(ours, now.getTime(), ports.keyRules, lacked)) {
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
    const begun = change.flatMap(({ field, after }) => (after === 'active' ? [field.replace('signingKey ', '')] : []))
    return {
      output: { steps: change.length },
      ...{ change, signals },
      evidence: {
        lackedBy: await namesLacking(
          tx,
          begun.filter((id) => lacked.has(id)),
          now,
        ),
      },
    }
  },
})

const TOLD_MAX = 20

/** Where the last moment came: who has not confirmed the keys that sign now; null where everybody has. */
const namesLacking = async (tx: Handle<BrokerTables>, keys: readonly string[], now: Date): Promise<string | null> => {
  const lacking = await Promise.all(keys.map((key) => verifiersLacking(tx, key, now, TOLD_MAX)))
  const names = new Set(lacking.flat().map(({ name, instance }) => (instance === '' ? name : `${name} ${instance}`)))
  return names.size === 0 ? null : [...names].slice(0, TOLD_MAX).join(', ')
}
