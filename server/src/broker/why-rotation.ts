import { nameConsumer } from './judge-rotation.ts'
import type { Rotation, RotationEnd, ToldConsumer } from './store-rotation.ts'

/** What rotations had to do with a credential, in short sentences, oldest first. */
export const whyRotations = (credential: string, rotations: readonly Rotation[]): readonly string[] =>
  rotations.toReversed().flatMap((rotation) => {
    const isOld = rotation.predecessor === credential
    const by = rotation.startedBy ?? 'reeve'
    const why = rotation.reason === null ? '' : `: ${rotation.reason}`
    const begun = isOld
      ? `it was rotated ${iso(rotation.startedAt)} by ${by}${why}; its successor is ${rotation.successor}`
      : `it is the successor of ${rotation.predecessor}, which ${by} rotated ${iso(rotation.startedAt)}${why}`
    return [begun, ...endOf(rotation)]
  })

const endOf = (rotation: Rotation): readonly string[] => {
  const { endedAt, endedBecause, deadline, atDeadline, foundAt, told } = rotation
  if (endedAt === null || endedBecause === null) {
    const then =
      atDeadline === 'retire' ? 'the old one retires then' : 'the old one is kept, and a finding says who waits'
    const kept = foundAt === null ? '' : `; that was, and the old one was kept ${iso(foundAt)}`
    return [`both work until all consumers have moved, or until the deadline ${iso(deadline)}: ${then}${kept}`]
  }
  const ended = `that rotation ended ${iso(endedAt)} by ${rotation.endedBy ?? 'reeve'}: ${BECAUSE[endedBecause]}`
  if (told === null || told.movedCount + told.behindCount === 0) return [ended, 'no consumer of the old one was known']
  return [
    ended,
    ...(told.movedCount > 0 ? [`seen on the new one: ${listOf(told.moved, told.movedCount)}`] : []),
    ...(told.behindCount > 0 ? [`not seen on the new one by then: ${listOf(told.behind, told.behindCount)}`] : []),
  ]
}

const BECAUSE: Readonly<Record<RotationEnd, string>> = {
  'all-moved': 'all consumers had moved, and the old one retired',
  deadline: 'the deadline came, and the old one retired',
  rollback: 'it was taken back, and the new one was revoked',
  'old-revoked': 'the old one was revoked',
  'new-revoked': 'the new one was revoked, and the old one goes on',
  'old-expired': 'the old one had expired',
}

const listOf = (named: readonly ToldConsumer[], count: number): string => {
  const words = named.map((each) => `${nameConsumer(each)} (${iso(each.seenAt)})`)
  return [...words, ...(count > named.length ? [`${count - named.length} more`] : [])].join(', ')
}

const iso = (ms: number): string => new Date(ms).toISOString()
