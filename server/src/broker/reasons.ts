import type { AnyDb } from '../kit/database.ts'
import type { Stream } from './domain/stream.ts'
import { identityWords } from './identity-words.ts'
import type { BrokerPorts } from './room.ts'
import { findCredential } from './store-credential.ts'
import { findRotation } from './store-rotation.ts'
import { findStream } from './store-stream.ts'
import { toldNow, whyCredential } from './why-credential.ts'
import { rotationSentences } from './why-rotation.ts'

/** Why a rotation is where it is, and who has not moved. */
const whyRotation = async (ports: Words, db: AnyDb, id: string) => {
  const rotation = await findRotation(db, id)
  if (rotation === undefined) return undefined
  const isRunning = rotation.state === 'overlap'
  const called = await identityWords(ports, db, rotation.identity)
  return {
    id,
    summary: isRunning ? 'the rotation runs: both credentials work' : `the rotation is over: ${rotation.state}`,
    because: rotationSentences(rotation, called, isRunning ? await toldNow(db, rotation) : undefined),
    ...UNDECIDED,
    next: isRunning
      ? `see who has not moved with \`reeve credential show ${rotation.predecessor}\`, or take it back with \`reeve credential rollback\``
      : 'nothing: it has ended',
  }
}

/** Why a stream does or does not deliver. */
const whyStream = async (ports: Words, db: AnyDb, id: string) => {
  const stream = await findStream(db, id)
  if (stream === undefined) return undefined
  return {
    id,
    summary: `the stream is ${stream.status}`,
    because: sentencesOf(stream, await identityWords(ports, db, stream.identity)),
    ...UNDECIDED,
    next: nextOf(stream),
  }
}

const sentencesOf = (stream: Stream, called: string): readonly string[] => {
  const { identity, method, createdAt, createdBy, statusReason, verifiedAt, heardAt, failures, lastError, retryAt } =
    stream
  return [
    `it tells ${called} by ${method}, since ${iso(createdAt)} by ${createdBy ?? identity}`,
    ...(statusReason === null ? [] : [`it was set so because: ${statusReason}`]),
    verifiedAt === null ? 'it was never verified' : `it was verified last ${iso(verifiedAt)}`,
    heardAt === null ? 'its receiver was never heard' : `its receiver was heard last ${iso(heardAt)}`,
    ...(failures === 0
      ? []
      : [
          `${failures} deliveries failed in a row, the last by: ${lastError ?? 'no answer'}; the next is tried ${iso(retryAt)}`,
        ]),
    ...(stream.excluded.length === 0 ? [] : [`${stream.excluded.length} identities are left out of it`]),
  ]
}

const nextOf = ({ status, failures, id }: Stream): string => {
  if (status !== 'enabled')
    return `enable it again with \`reeve stream change ${id}\`; everything in force is told anew`
  return failures === 0 ? 'nothing: it delivers' : 'look at the receiver; what is due waits and is told in order'
}

// No policy decides these.
const UNDECIDED = { policies: [], missing: [], wouldAllow: null } as const

const iso = (ms: number): string => new Date(ms).toISOString()

type Words = Pick<BrokerPorts, 'subjects'>

/** Answers `why` by the prefix of an id. INVARIANT: only who may know of the identity that the thing is of asks (`identityOf`). */
export const createReasons = (ports: Words) => ({
  crd: (db: AnyDb, id: string, now: Date) => whyCredential(ports, db, id, now),
  rot: (db: AnyDb, id: string) => whyRotation(ports, db, id),
  str: (db: AnyDb, id: string) => whyStream(ports, db, id),
})

/** The identity that a thing belongs to, by the prefix of its id. */
export const identityOf = {
  crd: async (db: AnyDb, id: string): Promise<string | null> => (await findCredential(db, id))?.identity ?? null,
  rot: async (db: AnyDb, id: string): Promise<string | null> => (await findRotation(db, id))?.identity ?? null,
  str: async (db: AnyDb, id: string): Promise<string | null> => (await findStream(db, id))?.identity ?? null,
}
