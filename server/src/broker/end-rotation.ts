import type { AnyTx } from '../kit/database.ts'
import { pairConsumers, tell } from './judge-rotation.ts'
import { consumersOf } from './store-consumer.ts'
import { endRotation, type Rotation, type RotationEnd, type RotationState, runningRotation } from './store-rotation.ts'

/** Ends a rotation that runs, with who had moved by then; false when it had ended. */
export const closeRotation = async (
  tx: AnyTx,
  rotation: Rotation,
  end: {
    readonly state: Exclude<RotationState, 'overlap'>
    readonly because: RotationEnd
    readonly by: string | null
    readonly now: Date
  },
): Promise<boolean> => {
  const consumers = pairConsumers(await consumersOf(tx, [rotation.predecessor, rotation.successor]), rotation)
  return endRotation(tx, rotation.id, { ...end, told: tell(consumers) })
}

/** Ends the rotation, if one runs, of a credential that was revoked; the other credential stays as it is. */
export const endRotationOfRevoked = async (
  tx: AnyTx,
  credential: string,
  end: { readonly by: string | null; readonly now: Date },
): Promise<Rotation | undefined> => {
  const rotation = await runningRotation(tx, credential)
  if (rotation === undefined) return undefined
  const because = rotation.predecessor === credential ? 'old-revoked' : 'new-revoked'
  await closeRotation(tx, rotation, { state: 'ended', because, ...end })
  return rotation
}
