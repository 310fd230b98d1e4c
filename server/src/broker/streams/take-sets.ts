import { seqOfJti } from '../domain/security-event.ts'
import { type Stream, TAKEN_MAX } from '../domain/stream.ts'

/** The stream after its receiver took these; what is no event of it, or not beyond where it stands, is nothing. */
export const takeSets = (stream: Stream, jtis: readonly string[]): Stream => {
  const gone = new Set(jtis)
  const from = stream.resend?.from ?? stream.position
  const isBeyond = (jti: string): boolean => (seqOfJti(jti, stream.id) ?? 0) > from
  const taken = new Set([...stream.taken, ...[...gone].filter(isBeyond)])
  return {
    ...stream,
    own: stream.own.filter(({ id }) => !gone.has(`${stream.id}.${id}`)),
    // Those that come first move the position; whoever takes more than this out of order is told some of it again.
    taken: [...taken].sort((one, other) => numberOf(one, stream) - numberOf(other, stream)).slice(0, TAKEN_MAX),
  }
}

const numberOf = (jti: string, { id }: Stream): number => seqOfJti(jti, id) ?? 0
