import type { AnyTx } from '../kit/database.ts'
import type { Signal } from '../kit/operation.ts'
import type { ReportedFinding } from '../reported-finding.ts'
import { retiredUseFinding } from './operations/rotation-finding.ts'
import type { BrokerPorts } from './room.ts'
import { consumersOf, type SeenConsumer } from './store-consumer.ts'
import { rotationsOf } from './store-rotation.ts'

/** Reports whoever tried a credential that has retired; attempts with anything else that is stopped are their own event. */
export const reportRetiredUse = async (
  ports: Pick<BrokerPorts, 'subjects' | 'findings'>,
  tx: AnyTx,
  attempts: readonly SeenConsumer[],
  now: Date,
): Promise<readonly Signal[]> => {
  const ids = [...new Set(attempts.map(({ credential }) => credential))]
  const retired = (await rotationsOf(tx, ids)).filter(({ state }) => state === 'retired')
  const byOld = new Map(retired.map((rotation) => [rotation.predecessor, rotation]))
  const known = await consumersOf(
    tx,
    ids.filter((id) => byOld.has(id)),
  )
  const findings: ReportedFinding[] = []
  for (const attempt of attempts) {
    const rotation = byOld.get(attempt.credential)
    const subject = rotation === undefined ? undefined : await ports.subjects.find(tx, rotation.identity)
    if (rotation === undefined || subject === undefined) continue
    const isKnown = known.some(
      ({ credential, instance, address }) =>
        credential === attempt.credential && instance === attempt.instance && address === attempt.address,
    )
    findings.push(retiredUseFinding(rotation, subject, { ...attempt, isKnown }))
  }
  if (findings.length > 0) await ports.findings.report(tx, findings, now)
  // What is open against an identity is held in memory.
  return findings.flatMap(({ identity }) => (identity === null ? [] : [{ topic: 'identity', key: identity }]))
}
