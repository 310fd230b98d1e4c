import type { TokenAlgorithm } from '@reeve/sdk'
import type { Changes } from '../kit/changes.ts'
import type { Clock } from '../kit/clock.ts'
import type { AnyTx, Database } from '../kit/database.ts'
import { DEPLOYMENT } from '../kit/operation.ts'
import type { Random } from '../kit/random.ts'
import type { Sealer } from '../kit/seal.ts'
import { appendEvents } from '../ledger/append.ts'
import { ownAct } from '../ledger/own-act.ts'
import { makeSigningKey } from './signing-key.ts'
import { insertKey } from './store-key.ts'

/**
 * Makes the first key of an algorithm, which signs at once: it has no predecessor, and a verifier that meets a key id
 * that it does not know asks for the key set again. Of two replicas that do it at once, the second takes the first's.
 */
export const makeFirstKey = async (
  given: {
    readonly database: Database
    readonly changes: Changes
    readonly sealer: Sealer
    readonly random: Random
    readonly clock: Clock
  },
  algorithm: TokenAlgorithm,
): Promise<void> => {
  const { changes, random, clock } = given
  const id = random.id('sgk')
  const key = await makeSigningKey(id, algorithm, given.sealer)
  const now = clock.now()
  await given.database.write(async (tx: AnyTx) => {
    if (!(await insertKey(tx, key, 'active', { reason: 'first key of its algorithm', now }))) return
    const change = [{ field: 'signingKey', before: null, after: id }]
    const act = { kind: 'broker.key.create', on: DEPLOYMENT, change, evidence: { algorithm, state: 'active' } }
    await appendEvents(tx, [ownAct(act, random.id('req'))], { random, now })
    await changes.signal(tx, [{ topic: 'signing-key', key: id }])
  })
}
