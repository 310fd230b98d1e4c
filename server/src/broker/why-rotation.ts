import { nameConsumer } from './judge-rotation.ts'
import type { Rotation, RotationEnd, Told, ToldConsumer } from './store-rotation.ts'

/** What rotations had to do with a credential, in short sentences, oldest first; `now` is how the one that runs stands. */
export const whyRotations = (
  credential: string,
  rotations: readonly Rotation[],
  now: Told | undefined,
): readonly string[] =>
  rotations.toReversed().flatMap((rotation) => {
    const isOld = rotation.predecessor === credential
    const by = rotation.startedBy ?? 'reeve'
    const why = rotation.reason === null ? '' : `: ${rotation.reason}`
    const begun = isOld
      ? `it was rotated ${iso(rotation.startedAt)} by ${by}${why}; its successor is ${rotation.successor}`
      : `it is the successor of ${rotation.predecessor}, which ${by} rotated ${iso(rotation.startedAt)}${why}`
    return [begun, ...endOf(rotation, now)]
  })

/** How one rotation goes or went, in the same sentences; `identity` is how the one that it is of is called. */
export const rotationSentences = (rotation: Rotation, identity: string, now: Told | undefined): readonly string[] => {
  const { predecessor, successor, startedAt, startedBy, reason } = rotation
  const why = reason === null ? '' : `: ${reason}`
  const begun = `it replaces ${predecessor} of ${identity} by ${successor}, since ${iso(startedAt)} by ${startedBy ?? 'reeve'}${why}`
  return [begun, ...endOf(rotation, now)]
}

const endOf = (rotation: Rotation, now: Told | undefined): readonly string[] => {
  const { endedAt, endedBecause, told } = rotation
  if (endedAt === null || endedBecause === null)
    return [runningOf(rotation), ...namesOf(now ?? null, 'not seen on the new one yet')]
  const ended = `that rotation ended ${iso(endedAt)} by ${rotation.endedBy ?? 'reeve'}: ${BECAUSE[endedBecause]}`
  return [ended, ...namesOf(told, 'not seen on the new one by then')]
}

const runningOf = ({ deadline, atDeadline, foundAt }: Rotation): string => {
  if (foundAt !== null)
    return `the deadline came, and the old one was kept ${iso(foundAt)}: it retires when all have moved`
  const then =
    atDeadline === 'retire' ? 'the old one retires then' : 'the old one is kept, and a finding says who waits'
  return `both work until all consumers have moved, or until the deadline ${iso(deadline)}: ${then}`
}

const namesOf = (told: Told | null, ofThoseBehind: string): readonly string[] => {
  if (told === null || told.movedCount + told.behindCount === 0) return ['no consumer of the old one is known']
  return [
    ...(told.movedCount > 0 ? [`seen on the new one: ${listOf(told.moved, told.movedCount)}`] : []),
    ...(told.behindCount > 0 ? [`${ofThoseBehind}: ${listOf(told.behind, told.behindCount)}`] : []),
  ]
}

const BECAUSE: Readonly<Record<RotationEnd, string>> = {
  'all-moved': 'all consumers had moved, and the old one retired',
  deadline: 'the deadline came, and the old one retired',
  rollback: 'it was taken back, and the new one was revoked',
  'old-revoked': 'the old one was revoked',
  'new-revoked': 'the new one was revoked',
  'old-expired': 'the old one had expired',
}

const listOf = (named: readonly ToldConsumer[], count: number): string => {
  const words = named.map((each) => `${nameConsumer(each)} (${iso(each.seenAt)})`)
  return [...words, ...(count > named.length ? [`${count - named.length} more`] : [])].join(', ')
}

const iso = (ms: number): string => new Date(ms).toISOString()
