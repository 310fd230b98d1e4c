import type { AnyDb, AnyTx, Handle } from '../kit/database.ts'
import { endsUnder } from './domain/credential-life.ts'
import { type Consumer, hasMoved, type Place, type RotationStep, rotationStep } from './domain/rotation.ts'
import type { BrokerPorts, Subject } from './room.ts'
import type { BrokerTables } from './schema.ts'
import { consumersOf, type StoredConsumer } from './store-consumer.ts'
import type { Credential } from './store-credential.ts'
import type { Rotation, Told, ToldConsumer } from './store-rotation.ts'

/** How a rotation stands: what is due, and who has moved. */
export interface JudgedRotation {
  readonly step: RotationStep
  readonly consumers: readonly Consumer[]
}

/** Judges a rotation that runs, by what this server saw of its two credentials. */
export const judgeRotation = async (
  db: Handle<BrokerTables> & (AnyDb | AnyTx),
  ports: Pick<BrokerPorts, 'tiers' | 'uses'>,
  given: {
    readonly rotation: Rotation
    readonly subject: Subject
    readonly old: Credential
    readonly successor: Credential
    readonly now: Date
  },
): Promise<JudgedRotation> => {
  const { rotation, subject, old, successor, now } = given
  const nowMs = now.getTime()
  const rules = ports.tiers[subject.tier]
  const endOf = ({ kind, createdAt, expiresAt, exception }: Credential) =>
    endsUnder({ kind, createdAtMs: createdAt, expiresAtMs: expiresAt, isByException: exception !== null }, rules)
  // Read before the consumers: what is counted meanwhile is seen at the next turn.
  const countedUntil = (await ports.uses.countedUntil(db, now)).getTime()
  const consumers = pairConsumers(await consumersOf(db, [old.id, successor.id]), rotation)
  const step = rotationStep({
    deadline: rotation.deadline,
    atDeadline: rotation.atDeadline,
    isFound: rotation.foundAt !== null,
    old: { isQuarantined: old.state === 'quarantined', endsAt: endOf(old) },
    isNewUsable: successor.state === 'active' && endOf(successor) > nowMs,
    consumers,
    areAllKnown: old.consumersOverAt === null || old.consumersOverAt < rotation.knownSince,
    countedUntil,
    quietMs: rules.tokenSecondsMax * 1000,
    now: nowMs,
  })
  return { step, consumers }
}

/** The consumers of the old credential that are waited for, each with when it was seen on the new one. */
export const pairConsumers = (stored: readonly StoredConsumer[], rotation: Rotation): readonly Consumer[] => {
  const onNew = new Map(
    stored.flatMap((each) => (each.credential === rotation.successor ? [[keyOf(each), each.lastSeen]] : [])),
  )
  return stored
    .filter(({ credential, lastSeen }) => credential === rotation.predecessor && lastSeen >= rotation.knownSince)
    .map(({ instance, address, lastSeen, ...rest }) => ({
      ...{ instance, address },
      oldSeenAt: lastSeen,
      newSeenAt: onNew.get(keyOf({ ...rest, instance, address })) ?? null,
    }))
}

const keyOf = ({ instance, address }: Place): string => JSON.stringify([instance, address])

const TOLD_MAX = 20

/** Who had moved and who had not, as it is kept with the end of a rotation. */
export const tell = (consumers: readonly Consumer[]): Told => {
  const { moved = [], behind = [] } = Object.groupBy(consumers, (each) => (hasMoved(each) ? 'moved' : 'behind'))
  return {
    moved: moved.slice(0, TOLD_MAX).map((each) => told(each, each.newSeenAt ?? each.oldSeenAt)),
    behind: behind.slice(0, TOLD_MAX).map((each) => told(each, each.oldSeenAt)),
    movedCount: moved.length,
    behindCount: behind.length,
  }
}

const told = ({ instance, address }: Place, seenAt: number): ToldConsumer => ({ instance, address, seenAt })

/** A consumer in words, for findings and `why`. */
export const nameConsumer = ({ instance, address }: Place): string => {
  const who = instance === '' ? 'whoever names no instance' : `instance ${instance}`
  return `${who} at ${address === '' ? 'an unknown address' : address}`
}
