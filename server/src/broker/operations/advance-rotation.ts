import { z } from 'zod'
import type { Handle } from '../../kit/database.ts'
import { closeRotation } from '../end-rotation.ts'
import { fault } from '../faults.ts'
import { judgeRotation, tell } from '../judge-rotation.ts'
import { operation } from '../room.ts'
import type { BrokerTables } from '../schema.ts'
import { holdCredentials, moveCredential } from '../store-credential.ts'
import { findRotation, holdRotation, markFound, type Rotation } from '../store-rotation.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { behindFinding } from './rotation-finding.ts'

const STEPS = ['wait', 'retire-moved', 'retire-deadline', 'find', 'expire'] as const

/** Moves a rotation on when it is due; the clock calls it, nobody else may. */
export const advanceRotation = operation.write({
  name: 'broker.rotation.advance',
  summary: 'retire a credential whose consumers were all seen on its successor, or whose deadline came',
  input: z.strictObject({ rotation: z.string().min(5).max(64) }),
  output: z.object({ step: z.enum(STEPS) }),
  faults: ['rotation_not_running', 'identity_not_found'],
  principals: ['automation'],
  on: async ({ input, ports, tx }) => {
    const rotation = await needRotation(tx, input.rotation)
    return aboutIdentity(await needIdentity(ports, tx, rotation.identity))
  },
  run: async ({ input, tx, now, ports }) => {
    const found = await needRotation(tx, input.rotation)
    const held = await holdCredentials(tx, [found.predecessor, found.successor])
    const rotation = await holdRotation(tx, found.id)
    const old = held.get(found.predecessor)
    const successor = held.get(found.successor)
    if (old === undefined || successor === undefined || rotation?.state !== 'overlap')
      throw fault('rotation_not_running')
    const subject = await needIdentity(ports, tx, rotation.identity)
    // Judged once more, from what is held now: whoever saw that it was due saw it a moment ago.
    const { step, consumers } = await judgeRotation(tx, ports, { rotation, subject, old, successor, now })
    const told = tell(consumers)
    const evidence = { rotation: rotation.id, step, moved: told.movedCount, behind: told.behindCount }
    if (step === 'wait') return { output: { step }, evidence }
    if (told.behindCount > 0 && step !== 'expire')
      await ports.findings.report(tx, [behindFinding(rotation, subject, told, step === 'find')], now)
    if (step === 'find') {
      await markFound(tx, rotation.id, now)
      return { output: { step }, evidence, signals: [{ topic: 'identity', key: rotation.identity }] }
    }
    if (step === 'expire') {
      await closeRotation(tx, rotation, { state: 'ended', because: 'old-expired', by: null, now })
      return { output: { step }, evidence }
    }
    const because = step === 'retire-moved' ? 'all-moved' : 'deadline'
    const reason = `rotated: ${successor.id} took over (${because})`
    if (!(await moveCredential(tx, old.id, 'active', { state: 'retired', by: null, reason, now })))
      throw fault('rotation_not_running')
    await closeRotation(tx, rotation, { state: 'retired', because, by: null, now })
    return {
      output: { step },
      change: [
        { field: `credential ${old.id}`, before: 'active', after: 'retired' },
        { field: 'successor', before: null, after: successor.id },
        { field: 'because', before: null, after: because },
      ],
      evidence,
      signals: [
        { topic: 'credential', key: old.id },
        { topic: 'identity', key: rotation.identity },
      ],
    }
  },
})

const needRotation = async (db: Handle<BrokerTables>, id: string): Promise<Rotation> => {
  const rotation = await findRotation(db, id)
  if (rotation === undefined) throw fault('rotation_not_running')
  return rotation
}
