import type { AnyDb } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import type { Operation } from '../../kit/operation.ts'
import { judgeRotation } from '../judge-rotation.ts'
import type { BrokerPorts } from '../room.ts'
import { findCredentials } from '../store-credential.ts'
import { type Rotation, ripeRotations } from '../store-rotation.ts'

const PAGE = 100

/** Moves rotations on that are due, each through the operation that records it; when nothing is due, does nothing. */
export const advanceRotationsJob = (given: {
  readonly db: AnyDb
  readonly ports: Pick<BrokerPorts, 'tiers' | 'subjects' | 'uses'>
  readonly advance: Operation
  /** Calls an operation as this server's own automation. */
  call(operation: Operation, input: unknown): Promise<unknown>
}): Job => {
  const { db, ports, advance, call } = given
  const quietMs = Math.min(...Object.values(ports.tiers).map(({ tokenSecondsMax }) => tokenSecondsMax)) * 1000
  return {
    name: 'broker.rotation.advance',
    schedule: '*/20 * * * * *',
    run: async (now) => {
      const quietSince = new Date(now.getTime() - quietMs)
      let last: Rotation | undefined
      for (;;) {
        const page = await ripeRotations(db, { now, quietSince, limit: PAGE }, last)
        for (const rotation of page)
          if (await isDue(given, rotation, now)) await call(advance, { rotation: rotation.id })
        last = page.at(-1)
        if (page.length < PAGE) return
      }
    },
  }
}

const isDue = async (
  { db, ports }: { readonly db: AnyDb; readonly ports: Pick<BrokerPorts, 'tiers' | 'subjects' | 'uses'> },
  rotation: Rotation,
  now: Date,
): Promise<boolean> => {
  const found = await findCredentials(db, [rotation.predecessor, rotation.successor])
  const [old, successor] = [found.get(rotation.predecessor), found.get(rotation.successor)]
  const subject = await ports.subjects.find(db, rotation.identity)
  if (old === undefined || successor === undefined || subject === undefined) return false
  return (await judgeRotation(db, ports, { rotation, subject, old, successor, now })).step !== 'wait'
}
